// Attention of sentences that lie behind one another without padding: [1, N, C], N the tokens of
// all. One kernel a head and sentence, where LibTorch's takes batches of one length, has queries,
// keys and values copied apart, and calls its library for products of 25 x 32 numbers (19 % of a
// bfloat16 step of Tiny on an AMD EPYC).
#pragma once

#include <ATen/core/Tensor.h>

namespace penalmt {

// Whether there is a kernel for heads of `depth` numbers of x's kind: float32 or bfloat16 on the
// CPU.
bool attention_kernel_takes(const at::Tensor& x, int64_t depth);

// Each position sees those of its own sentence, or (causal) itself and those before it. qkv: [1, N,
// 3 C] queries, keys, values; starts: [B + 1] int64, where sentences begin; the last is N → [1, N,
// C]. Differentiable.
at::Tensor packed_self_attention(const at::Tensor& qkv, const at::Tensor& starts, int64_t heads,
                                 bool causal);

// Each position sees the memory of its sentence. q: [1, N, C]; kv: [1, M, 2 C] keys, values;
// memory_starts: [B + 1] → [1, N, C].
at::Tensor packed_cross_attention(const at::Tensor& q, const at::Tensor& kv,
                                  const at::Tensor& starts, const at::Tensor& memory_starts,
                                  int64_t heads);

}  // namespace penalmt
