// The attention kernels for processors with AVX2 and FMA.
#include "tensors/attention_kernels.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#ifdef __x86_64__
#pragma GCC target("arch=x86-64-v3")
#define PENALMT_INSTRUCTIONS avx2
#define PENALMT_REGISTER_BYTES 32
#include "tensors/attention_kernels.inc"

namespace penalmt {
extern const AttentionKernels kAvx2Attention;
const AttentionKernels kAvx2Attention = avx2::kAttention;
}  // namespace penalmt
#endif
