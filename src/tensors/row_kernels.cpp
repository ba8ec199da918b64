// The choice among the row kernels, and those for any processor.
#include "tensors/row_kernels.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#define PENALMT_INSTRUCTIONS plain
#define PENALMT_REGISTER_BYTES 16
#include "tensors/row_kernels.inc"

namespace penalmt {

#ifdef __x86_64__
extern const RowKernels kAvx512RowKernels, kAvx2RowKernels;

const RowKernels& row_kernels_for(InstructionSet set) {
  return for_set(set, plain::kKernels, kAvx2RowKernels, kAvx512RowKernels);
}
#else
const RowKernels& row_kernels_for(InstructionSet) { return plain::kKernels; }
#endif

const RowKernels& row_kernels() { return row_kernels_for(instruction_set()); }

}  // namespace penalmt
