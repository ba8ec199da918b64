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
    {NumberType::float64, at::kDouble}, {NumberType::float32, at::kFloat},
    {NumberType::float16, at::kHalf},   {NumberType::bfloat16, at::kBFloat16},
    {NumberType::int64, at::kLong},     {NumberType::int32, at::kInt},
    {NumberType::int16, at::kShort},    {NumberType::int8, at::kChar},
    {NumberType::uint8, at::kByte},     {NumberType::boolean, at::kBool}};

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
