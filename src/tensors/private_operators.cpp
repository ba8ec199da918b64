#include "tensors/private_operators.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/List.h>
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

using LinearPointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, c10::string_view,
                                   c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);

std::optional<c10::TypedOperatorHandle<LinearPointwise>> find_linear() {
  auto handle = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
  if (!handle) return std::nullopt;
  return handle->typed<LinearPointwise>();
}

}  // namespace

bool onednn_is_faster() {
  static const bool answer = is_amd() && find_linear().has_value();
  return answer;
}

at::Tensor onednn_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  static const auto operation = find_linear();
  if (!operation) return at::linear(x, weight, bias);
  const std::optional<at::Tensor> optional_bias = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
  return operation->call(x, weight, optional_bias, "none", c10::List<std::optional<at::Scalar>>(), "");
}

}  // namespace penalmt
