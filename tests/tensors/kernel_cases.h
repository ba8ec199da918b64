// The instruction sets that a test of kernels goes through, and numbers for it.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "tensors/instruction_set.h"

namespace penalmt {

// Those that this processor has.
inline std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set :
       {InstructionSet::kPlain, InstructionSet::kAvx2, InstructionSet::kAvxVnni,
        InstructionSet::kAvx512, InstructionSet::kAvx512Vnni})
    if (processor_has(set)) sets.push_back(set);
  return sets;
}

inline std::vector<float> wave(int64_t count, float speed) {
  std::vector<float> numbers(count);
  for (int64_t i = 0; i < count; ++i)
    numbers[i] = 1.5f * std::cos(speed * static_cast<float>(i * i % 1009));
  return numbers;
}

}  // namespace penalmt
