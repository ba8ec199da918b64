// The embedding of packed rows by kernels of a GPU, one for each pass, where LibTorch's operators
// take four and, for the gradient, twenty, two of which the host waits for.
#pragma once

#include "tensors/counter_random.h"

namespace penalmt {

struct EmbeddedRows {
  at::Tensor words;      // [V, C] float32
  at::Tensor ids;        // [1, N] int64
  at::Tensor positions;  // [at least the longest sentence, C] float32, constant
  at::Tensor places;     // [N] int64: which position each row has
  double scale = 1;      // of the words
  at::Tensor counters;   // [1, N] int64; may be undefined where nothing is dropped
};

// dropout(scale * words[ids] + positions[places]) → [1, N, C], differentiable at the words. All on
// one GPU.
at::Tensor device_embed(const EmbeddedRows& rows, const Occurrences& words,
                        const DropoutSite& site);

}  // namespace penalmt
