// Adam over all parameters as one flat vector, so that scaling, clipping and the step are single
// passes.
#pragma once

#include <torch/nn/module.h>

namespace penalmt {

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0;  // decoupled: AdamW (Loshchilov and Hutter, 2019)
};

// Adam (Kingma and Ba, 2015). On construction the module's parameters become views of one vector,
// and their gradients of another; the module must stay on its device and keep its type afterwards.
class Adam {
 public:
  Adam(torch::nn::Module& module, const AdamOptions& options);

  // Divides the summed gradients by `divisor`, clips their norm to `clip_norm` (0: never) and takes
  // a step. Returns the norm before clipping; NaN or infinite gradients are returned and no step is
  // taken.
  double step(double divisor, double clip_norm, double learning_rate);
  void zero_gradients();

  // The state by name: "mean", "square" [P], "steps".
  std::vector<std::pair<std::string, at::Tensor>> state() const;
  void load_state(const at::Tensor& mean, const at::Tensor& square, const at::Tensor& steps);

  const at::Tensor& parameters() const { return values_; }  // [P]
  const at::Tensor& gradients() const { return gradients_; }

 private:
  AdamOptions options_;
  at::Tensor values_, gradients_, mean_, square_, steps_;
};

}  // namespace penalmt
