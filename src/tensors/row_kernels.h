// The inner loops of decoding, for one row each, float32 on the CPU; compiled for several
// instruction sets.
#pragma once

#include <cstdint>

namespace penalmt {

// What one row's logits have shown so far.
struct CandidateRow {
  float* maximum;
  double* sum;    // of e^(logit - maximum); null where it is not wanted
  float* logits;  // [count] the best ones, best first
  int* tokens;    // [count] whose they are
};

struct AttentionHeads {
  int64_t count, depth, width;  // H, D, C
  float scale;                  // of the scores: D^-0.5
};

// So many positions of a memory are scored at once.
constexpr int64_t kPositionsAtOnce = 16;
constexpr int64_t padded_positions(int64_t n) {
  return (n + kPositionsAtOnce - 1) / kPositionsAtOnce * kPositionsAtOnce;
}

// The floats of scratch that one head takes over n positions.
constexpr int64_t score_room(int64_t n) { return padded_positions(n) + kPositionsAtOnce; }

// A memory of n positions. keys: [C, padded_positions(n)], a channel's keys beside each other;
// values: n rows of C floats, `value_stride` apart.
struct MemoryRows {
  const float *keys, *values;
  int64_t value_stride, n;
};

struct RowNorm {
  const float *weight, *bias;  // [width]
  int64_t width;
  float epsilon;
};

struct RowKernels {
  // Takes in the logits [columns] of the columns from `first_column`; tokens below `first_token`
  // are never kept.
  void (*scan_row)(const float* logits, int64_t columns, int64_t first_column, int first_token,
                   int64_t count, CandidateRow row);

  // Attention of one row over n entries anywhere in memory: keys[t] points at a key of C floats
  // followed by its value. query, out: [C]; scores: scratch, [H, score_room(n)].
  void (*attend_row_self)(const AttentionHeads& heads, const float* query, const float* const* keys,
                          int64_t n, float* scores, float* out);

  // Attention of one row over a memory. query, out: [C]; scores: scratch, [H, score_room(n)].
  void (*attend_row_memory)(const AttentionHeads& heads, const float* query,
                            const MemoryRows& memory, float* scores, float* out);

  // out = LayerNorm(x + branch). All [width].
  void (*add_norm_row)(const float* x, const float* branch, const RowNorm& norm, float* out);
};

// Those for the best instruction set of this processor.
const RowKernels& row_kernels();

}  // namespace penalmt
