#include "tensors/precision.h"

#include <ATen/autocast_mode.h>

#include "tensors/instruction_set.h"

namespace penalmt {
namespace {
thread_local Precision current = Precision::float32;
}

PrecisionScope::PrecisionScope(Precision precision)
    : before_(current), autocast_before_(at::autocast::is_autocast_enabled(at::kCUDA)) {
  current = precision;
  at::autocast::set_autocast_enabled(at::kCUDA, precision == Precision::bfloat16);
  at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
}

PrecisionScope::~PrecisionScope() {
  current = before_;
  at::autocast::set_autocast_enabled(at::kCUDA, autocast_before_);
  at::autocast::clear_cache();
}

Precision matrix_precision() { return current; }

bool bfloat16_is_native() {
#ifdef __x86_64__
  return instruction_set() == InstructionSet::avx512 &&
         (__builtin_cpu_supports("avx512bf16") || __builtin_cpu_supports("amx-bf16"));
#else
  return false;
#endif
}

}  // namespace penalmt
