// A set of small numbers, a bit each: made and read in order faster than a list is sorted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace penalmt {

class NumberSet {
 public:
  // Of numbers from 0 to bound - 1.
  explicit NumberSet(int64_t bound) : bits_((bound + 63) / 64) {}

  void add(const std::vector<int>& numbers) {
    for (const int number : numbers) bits_[number / 64] |= uint64_t{1} << number % 64;
  }

  std::vector<int> ascending() const {
    std::vector<int> numbers;
    for (size_t i = 0; i < bits_.size(); ++i)
      for (uint64_t rest = bits_[i]; rest != 0; rest &= rest - 1)
        numbers.push_back(static_cast<int>(i * 64) + __builtin_ctzll(rest));
    return numbers;
  }

 private:
  std::vector<uint64_t> bits_;
};

}  // namespace penalmt
