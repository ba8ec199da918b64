// The instruction sets that a test of kernels goes through.
#pragma once

#include <vector>

#include "tensors/instruction_set.h"

namespace penalmt {

// Those that this processor has.
inline std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set :
       {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avxvnni,
        InstructionSet::avx512, InstructionSet::avx512vnni})
    if (processor_has(set)) sets.push_back(set);
  return sets;
}

}  // namespace penalmt
