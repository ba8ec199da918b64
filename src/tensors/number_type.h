// The types of numbers that files of tensors hold.
#pragma once

#include <cstdint>

namespace penalmt {

enum class NumberType {
  float64,
  float32,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  int8,
  uint8,
  boolean
};

// The bytes of one number.
int64_t bytes_of(NumberType type);

}  // namespace penalmt
