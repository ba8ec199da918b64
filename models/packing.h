// Sentences of a batch behind one another, without their padding: [B, T, ..] → [1, N, ..], N the
// real positions. 14 % of the rows of Multi30k's batches of 4,096 tokens are padding, and every
// layer but attention works row by row.
#pragma once

#include "tensors/counter_random.h"

namespace penalmt {

struct Packing {
  at::Tensor places;  // [N] int64: where the real positions stand among the B * T, ascending
  Spans spans;
};

// real: [B, T] bool on the CPU, true where a position is real.
Packing packing_of(const at::Tensor& real);

// x: [B, T, ..] → [1, N, ..]; undefined stays so.
at::Tensor packed(const at::Tensor& x, const Packing& packing);
Rows packed(const Rows& rows, const Packing& packing);

// x: [1, N, C] → [B, T, C], zeros at padding. real: that of the packing.
at::Tensor unpacked(const at::Tensor& x, const Packing& packing, const at::Tensor& real);

}  // namespace penalmt
