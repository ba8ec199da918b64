// Sentences of a batch behind one another, without their padding: [B, T, ..] → [1, N, ..], N the
// real positions. 14 % of the rows of Multi30k's batches of 4,096 tokens are padding, and every
// layer but attention works row by row.
#pragma once

#include "base/token_ids.h"
#include "tensors/counter_random.h"

namespace penalmt {

struct Packing {
  at::Tensor places;  // [N] int64: where the real positions stand among the B * T, ascending
  Spans spans;
};

// real: [B, T] bool on the CPU, true where a position is real; the packing is there, too.
Packing packing_of(const at::Tensor& real);

// x: [B, T, ..] → [1, N, ..]; undefined stays so.
at::Tensor packed(const at::Tensor& x, const Packing& packing);
Rows packed(const Rows& rows, const Packing& packing);

// What a stack reads of the sentences of a batch.
struct PackedText {
  at::Tensor ids;  // [1, N] int64
  at::Tensor
      gold;   // [N] int64, what each place is to be followed by; undefined where none was given
  Rows rows;  // of [1, N]
  Packing packing;
};

// ids, gold: [B, T] int64 on the CPU, padded with 0; `rows`: theirs, on the CPU.
// All of it goes to the device at once: a GPU's copies cost more than their bytes.
PackedText packed_text(const at::Tensor& ids, const at::Tensor& gold, const Rows& rows,
                       c10::Device device);

// x: [1, N, C] → [sentences, longest, C], zeros at padding.
at::Tensor unpacked(const at::Tensor& x, const Packing& packing, int64_t sentences);

}  // namespace penalmt
