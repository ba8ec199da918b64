// The types of numbers that files of tensors hold.
#pragma once

#include <cstdint>

namespace penalmt {

enum class NumberType {
  kFloat64,
  kFloat32,
  kFloat16,
  kBfloat16,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUint8,
  kBoolean
};

// The bytes of one number.
int64_t bytes_of(NumberType type);

}  // namespace penalmt
