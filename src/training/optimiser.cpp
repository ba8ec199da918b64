#include "training/optimiser.h"

#include <torch/torch.h>

#include <cmath>

#include "tensors/private_operators.h"

namespace penalmt {

Adam::Adam(torch::nn::Module& module, const AdamOptions& options) : options_(options) {
  torch::NoGradGuard no_grad;
  std::vector<at::Tensor> flat;
  for (const at::Tensor& parameter : module.parameters())
    flat.push_back(parameter.detach().flatten());
  values_ = at::cat(flat);
  gradients_ = at::zeros_like(values_);
  mean_ = at::zeros_like(values_);
  square_ = at::zeros_like(values_);
  steps_ = at::zeros({}, values_.options().dtype(at::kFloat));
  int64_t offset = 0;
  for (at::Tensor parameter : module.parameters()) {
    const int64_t count = parameter.numel();
    parameter.set_data(values_.narrow(0, offset, count).view(parameter.sizes()));
    parameter.mutable_grad() = gradients_.narrow(0, offset, count).view(parameter.sizes());
    offset += count;
  }
}

double Adam::step(double divisor, double clip_norm, double learning_rate) {
  torch::NoGradGuard no_grad;
  gradients_.div_(divisor);
  const double norm = gradients_.norm().item<double>();
  if (!std::isfinite(norm)) return norm;
  if (clip_norm > 0 && norm > clip_norm) gradients_.mul_(clip_norm / (norm + 1e-6));
  fused_adam(
      values_, gradients_, mean_, square_, steps_.add_(1),
      {learning_rate, options_.beta1, options_.beta2, options_.epsilon, options_.weight_decay});
  return norm;
}

void Adam::zero_gradients() { gradients_.zero_(); }

std::vector<std::pair<std::string, at::Tensor>> Adam::state() const {
  return {{"mean", mean_}, {"square", square_}, {"steps", steps_}};
}

void Adam::load_state(const at::Tensor& mean, const at::Tensor& square, const at::Tensor& steps) {
  mean_.copy_(mean);
  square_.copy_(square);
  steps_.copy_(steps);
}

}  // namespace penalmt
