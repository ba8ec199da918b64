// Numbers that somebody keeps in memory: a tensor, a mapped file, an array.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace penalmt {

using SharedFloats = std::shared_ptr<const float>;  // the first of them; null: there are none

inline SharedFloats share(std::vector<float> numbers) {
  const auto kept = std::make_shared<const std::vector<float>>(std::move(numbers));
  return {kept, kept->data()};
}

}  // namespace penalmt
