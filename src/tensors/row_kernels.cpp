// The choice among the row kernels, and those for any processor.
#include "tensors/row_kernels.h"

#include "tensors/instruction_set.h"

#define PENALMT_INSTRUCTIONS plain
#include "tensors/row_kernels.inc"

namespace penalmt {

#ifdef __x86_64__
extern const RowKernels kAvx512RowKernels, kAvx2RowKernels;

const RowKernels& row_kernels() {
  const InstructionSet set = instruction_set();
  return set == InstructionSet::avx512 ? kAvx512RowKernels
         : set == InstructionSet::avx2 ? kAvx2RowKernels
                                       : plain::kKernels;
}
#else
const RowKernels& row_kernels() { return plain::kKernels; }
#endif

}  // namespace penalmt
