#include "tensors/precision.h"

#include <ATen/autocast_mode.h>
#include <ATen/ops/as_strided.h>

#include "tensors/instruction_set.h"

namespace penalmt {
namespace {
thread_local Precision current = Precision::float32;
thread_local PrecisionScope* scope = nullptr;
}  // namespace

PrecisionScope::PrecisionScope(Precision precision)
    : before_(current),
      autocast_before_(at::autocast::is_autocast_enabled(at::kCUDA)),
      outer_(scope) {
  scope = this;
  current = precision;
  at::autocast::set_autocast_enabled(at::kCUDA, precision == Precision::bfloat16);
  at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
}

PrecisionScope::~PrecisionScope() {
  current = before_;
  scope = outer_;
  at::autocast::set_autocast_enabled(at::kCUDA, autocast_before_);
  at::autocast::clear_cache();
}

Precision matrix_precision() { return current; }

at::Tensor narrowed(const at::Tensor& parameter) {
  if (parameter.is_cpu() || !scope) return parameter.to(at::kBFloat16);
  for (const auto& [whole, narrow] : scope->narrow_)
    if (whole.is_alias_of(parameter))
      return narrow.as_strided(parameter.sizes(), parameter.strides(), parameter.storage_offset());
  const auto count = static_cast<int64_t>(parameter.storage().nbytes() / parameter.element_size());
  const at::Tensor whole = parameter.detach().as_strided({count}, {1}, 0);
  scope->narrow_.emplace_back(whole, whole.to(at::kBFloat16));
  return narrowed(parameter);
}

bool bfloat16_is_native() {
#ifdef __x86_64__
  return instruction_set() >= InstructionSet::kAvx512 &&
         (__builtin_cpu_supports("avx512bf16") || __builtin_cpu_supports("amx-bf16"));
#else
  return false;
#endif
}

}  // namespace penalmt
