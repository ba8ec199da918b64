// Counter-based randomness: what is drawn depends on (seed, update, site, example, position,
// channel) alone, so batching, accumulation and the number of ranks do not change it, and a
// backward pass draws again instead of storing masks.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "base/random.h"

namespace penalmt {

// Sentences that lie behind one another in [1, N] rows, without padding.
struct Spans {
  at::Tensor starts;     // [B + 1] int64, where they begin; the last is N
  at::Tensor positions;  // [N] int64, where each row stands in its sentence
  int64_t longest = 0;
  bool packed() const { return starts.defined(); }
};

// Which rows hold which word, as a GPU adds up the gradient at an embedding.
struct Occurrences {
  at::Tensor kinds;   // [U] int64, the words that occur
  at::Tensor starts;  // [U + 1] int64, where each one's rows begin in `order`; the last is N
  at::Tensor order;   // [N] int64, rows in ascending order for each word
};

// The rows of a residual stream: [B, T] positions, real or padding, each with the counter its
// dropout is drawn from.
struct Rows {
  at::Tensor real;      // [B, T] bool, true where a token (or region) stands; undefined: everywhere
  at::Tensor counters;  // [B, T] int64
  double tau_scale = 1;  // tau is multiplied by it
  at::Tensor token_counters =
      {};                   // [B, T] int64, of what all passes draw alike; undefined: `counters`
  double token_cutoff = 0;  // probability that a token's embedding is set to zero
  uint64_t update_counter = 0;  // of what is drawn once an update
  Spans spans = {};             // where the rows are packed: [B, T] is [1, N] then
  Occurrences words = {};       // of packed rows on a GPU
};

// The counter of an update: one number a (seed, update).
uint64_t update_counter(uint64_t seed, int64_t update);

// Counters of the positions 0..length-1 of each example. `ids` [B] int64 (on the CPU) are the
// examples' numbers in the corpus; `pass` counts the passes of one update over them.
at::Tensor row_counters(const at::Tensor& ids, int64_t length, uint64_t seed, int64_t update,
                        int64_t pass = 0);  // [B, length] int64

// Decides 16 bits a channel: a channel is dropped where its bits are below `threshold()`.
struct DropoutSite {
  double probability = 0;  // of being dropped, 0 <= p < 1; rounded to a multiple of 2^-16
  uint64_t site = 0;       // which dropout of the network

  uint32_t threshold() const { return static_cast<uint32_t>(probability * 65536 + 0.5); }
  double scale() const { return 65536.0 / (65536.0 - threshold()); }  // 1 / (1 - p)
};

// What a channel is multiplied by: 0 where dropped, `scale()` elsewhere. counters: [..] int64 on
// the device of `like` → [.., channels], of its type. The same on every device.
at::Tensor dropout_factors(const at::Tensor& counters, const DropoutSite& site, int64_t channels,
                           const at::Tensor& like);

// x * dropout_factors(...), differentiable; x: [B, T, C] with counters [B, T] → [B, T, C].
at::Tensor dropout(const at::Tensor& x, const at::Tensor& counters, const DropoutSite& site);

}  // namespace penalmt
