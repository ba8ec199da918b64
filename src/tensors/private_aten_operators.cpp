#include "tensors/private_aten_operators.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linear.h>

#include <cpuid.h>

#include <cstring>
#include <optional>
#include <string>

namespace penalmt {
namespace {

bool is_amd() {
  unsigned int eax = 0, ebx = 0, ecx = 0, edx = 0;
  char vendor[12];
  if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx)) return false;
  std::memcpy(vendor, &ebx, 4);
  std::memcpy(vendor + 4, &edx, 4);
  std::memcpy(vendor + 8, &ecx, 4);
  return std::memcmp(vendor, "AuthenticAMD", 12) == 0;
}

using LinearPointwise = at::Tensor(const at::Tensor&, const at::Tensor&,
                                   const std::optional<at::Tensor>&, c10::string_view,
                                   c10::List<std::optional<at::Scalar>>,
                                   std::optional<c10::string_view>);

std::optional<c10::TypedOperatorHandle<LinearPointwise>> find_linear() {
  auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!handle) return std::nullopt;
  return handle->typed<LinearPointwise>();
}

}  // namespace

bool onednn_is_faster(const at::Tensor& x) {
  static const bool here = is_amd() && find_linear().has_value();
  return here && x.is_cpu() && x.scalar_type() == at::kFloat;
}

at::Tensor onednn_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  static const auto operation = find_linear();
  if (!operation) return at::linear(x, weight, bias);
  const std::optional<at::Tensor> optional_bias =
      bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
  return operation->call(x, weight, optional_bias, "none", c10::List<std::optional<at::Scalar>>(),
                         "");
}

void fused_adam(const AdamTensors& tensors, const AdamStep& step, const at::Tensor& scale,
                const at::Tensor& refused) {
  const auto optional = [](const at::Tensor& x) {
    return x.defined() ? std::optional<at::Tensor>(x) : std::nullopt;
  };
  const auto update = [&](auto function) {
    function({tensors.values}, {tensors.gradients}, {tensors.mean}, {tensors.square}, {},
             {tensors.steps}, step.learning_rate, step.beta1, step.beta2, step.weight_decay,
             step.epsilon, /*amsgrad=*/false, /*maximize=*/false,
             /*grad_scale=*/optional(scale), /*found_inf=*/optional(refused));
  };
  using Operation =
      void (*)(at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList,
               at::TensorList, double, double, double, double, double, bool, bool,
               const std::optional<at::Tensor>&, const std::optional<at::Tensor>&);
  if (step.weight_decay > 0) {
    update(static_cast<Operation>(at::_fused_adamw_));
  } else {
    update(static_cast<Operation>(at::_fused_adam_));
  }
}

}  // namespace penalmt
