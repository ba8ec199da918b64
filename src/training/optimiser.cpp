#include "training/optimiser.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "tensors/private_aten_operators.h"

namespace penalmt {

void add_gradients(const at::Tensor& loss, const std::vector<at::Tensor>& parameters) {
  if (!loss.requires_grad()) return;
  if (loss.is_cpu()) return loss.backward();
  const auto gradients = torch::autograd::grad({loss}, parameters, {}, std::nullopt,
                                               /*create_graph=*/false, /*allow_unused=*/true);
  std::vector<at::Tensor> sums, added;
  for (size_t p = 0; p < parameters.size(); ++p) {
    if (!gradients[p].defined()) continue;
    sums.push_back(parameters[p].grad());
    added.push_back(gradients[p]);
  }
  torch::NoGradGuard no_grad;
  at::_foreach_add_(sums, added);
}

Adam::Adam(torch::nn::Module& module, const AdamOptions& options, const RateFactor& factor)
    : options_(options) {
  torch::NoGradGuard no_grad;
  std::vector<at::Tensor> learning, flat;
  int64_t all = 0;
  for (const auto& item : module.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    learning.push_back(item.value());
    flat.push_back(item.value().detach().flatten());
    const double of_parameter = factor(item.key());
    if (stretches_.empty() || stretches_.back().factor != of_parameter)
      stretches_.push_back({all, 0, of_parameter});
    stretches_.back().count += flat.back().numel();
    all += flat.back().numel();
  }
  values_ = at::cat(flat);
  gradients_ = at::zeros_like(values_);
  mean_ = at::zeros_like(values_);
  square_ = at::zeros_like(values_);
  steps_ = at::zeros({}, values_.options().dtype(at::kFloat));
  if (options_.average > 0) average_ = values_.clone();
  int64_t offset = 0;
  for (at::Tensor& parameter : learning) {
    const int64_t count = parameter.numel();
    parameter.set_data(values_.narrow(0, offset, count).view(parameter.sizes()));
    parameter.mutable_grad() = gradients_.narrow(0, offset, count).view(parameter.sizes());
    offset += count;
  }
}

void Adam::take_step(double learning_rate, const at::Tensor& scale, const at::Tensor& refused) {
  for (const auto& [begin, count, factor] : stretches_) {
    const auto part = [begin = begin, count = count](const at::Tensor& whole) {
      return whole.narrow(0, begin, count);
    };
    fused_adam({part(values_), part(gradients_), part(mean_), part(square_), steps_},
               {learning_rate * factor, options_.beta1, options_.beta2, options_.epsilon,
                options_.weight_decay},
               scale, refused);
  }
}

at::Tensor Adam::step(double divisor, double clip_norm, double learning_rate) {
  torch::NoGradGuard no_grad;
  steps_.add_(1);
  ++steps_made_;
  at::Tensor norm;
  if (values_.is_cpu()) {
    norm = gradients_.div_(divisor).norm();
    const double value = norm.item<double>();
    if (!std::isfinite(value)) return norm;
    if (clip_norm > 0 && value > clip_norm) gradients_.mul_(clip_norm / (value + 1e-6));
    take_step(learning_rate, {}, {});
  } else {
    // The same without asking what the norm is: the step divides by `scale` and looks at `refused`.
    norm = gradients_.norm().div_(divisor);
    at::Tensor scale = at::full_like(norm, divisor);
    if (clip_norm > 0) scale.mul_(norm.add(1e-6).div_(clip_norm).clamp_min_(1));
    const at::Tensor refused = norm.isfinite().logical_not_().to(at::kFloat);
    take_step(learning_rate, scale, refused);
  }
  if (average_.defined()) {
    const auto step = static_cast<double>(steps_made_);
    average_.lerp_(values_, 1 - std::min(options_.average, (1 + step) / (10 + step)));
  }
  return norm;
}

void Adam::exchange_average() {
  torch::NoGradGuard no_grad;
  const at::Tensor values = values_.clone();
  values_.copy_(average_);
  average_.copy_(values);
}

void Adam::zero_gradients() { gradients_.zero_(); }

std::vector<std::pair<std::string, at::Tensor>> Adam::state() const {
  std::vector<std::pair<std::string, at::Tensor>> state = {
      {"mean", mean_}, {"square", square_}, {"steps", steps_}};
  if (average_.defined()) state.emplace_back("average", average_);
  return state;
}

void Adam::load_state(const at::Tensor& mean, const at::Tensor& square, const at::Tensor& steps,
                      const at::Tensor& average) {
  mean_.copy_(mean);
  square_.copy_(square);
  steps_.copy_(steps);
  count_steps();
  if (average_.defined()) average_.copy_(average);
}

}  // namespace penalmt
