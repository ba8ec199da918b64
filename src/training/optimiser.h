// Adam over all parameters as one flat vector, so that scaling, clipping and the step are single
// passes.
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <string>

namespace penalmt {

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0;  // decoupled: AdamW (Loshchilov and Hutter, 2019)
  double average = 0;       // decay of the parameters' moving average; 0: none is kept
};

// Adds the gradients of `loss` to those of the parameters that learn, as loss.backward() does; on a
// GPU all at once, where backward() takes a kernel for each. A loss of which none depends adds
// none.
void add_gradients(const at::Tensor& loss, const std::vector<at::Tensor>& parameters);

// Adam (Kingma and Ba, 2015). On construction the module's parameters that learn (requires_grad)
// become views of one vector, and their gradients of another; the others stay as they are. The
// module must stay on its device and keep its type afterwards.
class Adam {
 public:
  // What the learning rate of a parameter is multiplied by, by its name.
  using RateFactor = std::function<double(const std::string&)>;

  // There is a parameter that learns.
  Adam(
      torch::nn::Module& module, const AdamOptions& options,
      const RateFactor& factor = [](const std::string&) { return 1.0; });

  // Divides the summed gradients by `divisor`, clips their norm to `clip_norm` (0: never) and takes
  // a step. Returns the norm before clipping, a scalar on the parameters' device: nothing waits for
  // a GPU here. Where the norm is not finite no step is taken.
  at::Tensor step(double divisor, double clip_norm, double learning_rate);
  void zero_gradients();

  // The state by name: "mean", "square" [P], "steps" [], and "average" [P] where one is kept.
  std::vector<std::pair<std::string, at::Tensor>> state() const;
  // As state() gives it; average: undefined where none is kept.
  void load_state(const at::Tensor& mean, const at::Tensor& square, const at::Tensor& steps,
                  const at::Tensor& average);

  // To be called where what state() gave was written to.
  void count_steps() { steps_made_ = static_cast<int64_t>(steps_.item<double>()); }

  // The moving average after step t is d times itself and 1 - d times the parameters, with d =
  // min(decay, (1 + t) / (10 + t)), so that it soon forgets the first weights. The parameters
  // become the average, and the average the parameters; called again, as before.
  void exchange_average();
  bool keeps_average() const { return average_.defined(); }

  const at::Tensor& parameters() const { return values_; }    // [P]
  const at::Tensor& gradients() const { return gradients_; }  // [P]

 private:
  // Parameters beside each other that have one factor.
  struct Stretch {
    int64_t begin, count;
    double factor;
  };

  // The step of what is between, without the average.
  void take_step(double learning_rate, const at::Tensor& scale, const at::Tensor& refused);

  AdamOptions options_;
  std::vector<Stretch> stretches_;                         // all of [P], in order
  at::Tensor values_, gradients_, mean_, square_, steps_;  // [P], but steps_: []
  int64_t steps_made_ = 0;                                 // as steps_, without asking a GPU
  at::Tensor average_;                                     // [P] or undefined
};

}  // namespace penalmt
