// The choice among the attention kernels, and those for any processor.
#include "tensors/attention_kernels.h"

#include <cstring>
#include <type_traits>

#define PENALMT_INSTRUCTIONS plain
#define PENALMT_REGISTER_BYTES 16
#include "tensors/attention_kernels.inc"

namespace penalmt {

#ifdef __x86_64__
extern const AttentionKernels kAvx512Attention, kAvx2Attention;

const AttentionKernels& attention_kernels_for(InstructionSet set) {
  return for_set(set, plain::kAttention, kAvx2Attention, kAvx512Attention);
}
#else
const AttentionKernels& attention_kernels_for(InstructionSet) { return plain::kAttention; }
#endif

const AttentionKernels& attention_kernels() { return attention_kernels_for(instruction_set()); }

}  // namespace penalmt
