// LibTorch's types of numbers for those of files.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>

#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>

#include "tensors/number_type.h"

namespace penalmt {

constexpr std::pair<NumberType, at::ScalarType> kScalarTypes[] = {
    {NumberType::kFloat64, at::kDouble}, {NumberType::kFloat32, at::kFloat},
    {NumberType::kFloat16, at::kHalf},   {NumberType::kBfloat16, at::kBFloat16},
    {NumberType::kInt64, at::kLong},     {NumberType::kInt32, at::kInt},
    {NumberType::kInt16, at::kShort},    {NumberType::kInt8, at::kChar},
    {NumberType::kUint8, at::kByte},     {NumberType::kBoolean, at::kBool}};

inline at::ScalarType scalar_type(NumberType type) {
  return std::find_if(std::begin(kScalarTypes), std::end(kScalarTypes),
                      [&](const auto& pair) { return pair.first == type; })
      ->second;
}

inline NumberType number_type(at::ScalarType type) {
  for (const auto& [number, scalar] : kScalarTypes)
    if (scalar == type) return number;
  TORCH_CHECK(false, "cannot store tensors of type ", type);
}

}  // namespace penalmt
