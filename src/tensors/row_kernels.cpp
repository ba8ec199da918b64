// The choice among the row kernels, and those for any processor.
#include "tensors/row_kernels.h"

#define PENALMT_INSTRUCTIONS plain
#include "tensors/row_kernels.inc"

namespace penalmt {

#ifdef __x86_64__
extern const RowKernels kAvx512RowKernels, kAvx2RowKernels;

const RowKernels& row_kernels() {
  static const RowKernels& best = __builtin_cpu_supports("x86-64-v4")   ? kAvx512RowKernels
                                  : __builtin_cpu_supports("x86-64-v3") ? kAvx2RowKernels
                                                                        : plain::kKernels;
  return best;
}
#else
const RowKernels& row_kernels() { return plain::kKernels; }
#endif

}  // namespace penalmt
