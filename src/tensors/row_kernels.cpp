// The choice among the row kernels, and those for any processor.
#include "tensors/row_kernels.h"

#include "tensors/instruction_set.h"

#define PENALMT_INSTRUCTIONS plain
#define PENALMT_REGISTER_BYTES 16
#include "tensors/row_kernels.inc"

namespace penalmt {

#ifdef __x86_64__
extern const RowKernels kAvx512RowKernels, kAvx2RowKernels;

const RowKernels& row_kernels() {
  return for_set(instruction_set(), plain::kKernels, kAvx2RowKernels, kAvx512RowKernels);
}
#else
const RowKernels& row_kernels() { return plain::kKernels; }
#endif

}  // namespace penalmt
