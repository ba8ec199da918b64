// The row kernels for processors with AVX-512.
#include "tensors/row_kernels.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#ifdef __x86_64__
#pragma GCC target("arch=x86-64-v4")
#define PENALMT_INSTRUCTIONS avx512
#define PENALMT_REGISTER_BYTES 64
#include "tensors/row_kernels.inc"

namespace penalmt {
extern const RowKernels kAvx512RowKernels;
const RowKernels kAvx512RowKernels = avx512::kKernels;
}  // namespace penalmt
#endif
