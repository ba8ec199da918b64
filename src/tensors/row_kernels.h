// The inner loops of decoding and of the output layer's loss, for one row each, on the CPU;
// compiled for several instruction sets. Numbers are float32 but where uint16_t stands for
// bfloat16.
#pragma once

#include <cstdint>

#include "tensors/instruction_set.h"

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

// What a row of logits x sums to.
struct LogitSums {
  float highest;
  float mass;  // sum of e^(x - highest); no number where one of x is none
  float sum;   // of x - highest
};

// Two rows of logits [n], and the distributions P and Q that they stand for: P = the exponential
// of first times first_factor, log P = first - first_log_mass.
template <class Scalar>
struct LogitPair {
  Scalar *first, *second;
  const float *first_exponentials, *second_exponentials;
  float first_factor, second_factor, first_log_mass, second_log_mass;
  int64_t n;
};

struct Divergences {
  float forward, backward;  // KL(P || Q), KL(Q || P)
};

// What the gradient at a pair of rows is made of, t being the smoothed target apart from the gold
// token: first (P - t) + forward P (d - KL(P || Q)) + backward (P - Q) at the first row, and as
// much at the second the other way round; d = log P - log Q.
struct PairGradient {
  float target, first, second, forward, backward;
  Divergences of_rows;
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

  // exponentials[v] = e^(x - highest). All [n].
  LogitSums (*exponentials)(const float* x, int64_t n, float* exponentials);
  LogitSums (*narrow_exponentials)(const uint16_t* x, int64_t n, float* exponentials);
  // out = factor * x - shift. All [n].
  void (*scaled)(const float* x, int64_t n, float factor, float shift, float* out);
  void (*narrow_scaled)(const float* x, int64_t n, float factor, float shift, uint16_t* out);
  Divergences (*divergences)(const LogitPair<float>& pair);
  Divergences (*narrow_divergences)(const LogitPair<uint16_t>& pair);
  // The rows become the loss's gradients at them.
  void (*pair_gradients)(const LogitPair<float>& pair, const PairGradient& gradient);
  void (*narrow_pair_gradients)(const LogitPair<uint16_t>& pair, const PairGradient& gradient);

  // out = LayerNorm(x + branch), or of x where branch is null. All [width].
  void (*add_norm_row)(const float* x, const float* branch, const RowNorm& norm, float* out);

  // x becomes its activation: x where above 0; x Phi(x); x sigmoid(x). All [n].
  void (*relu)(float* x, int64_t n);
  void (*gelu)(float* x, int64_t n);
  void (*silu)(float* x, int64_t n);
};

const RowKernels& row_kernels_for(InstructionSet set);

// Those for this process.
const RowKernels& row_kernels();

}  // namespace penalmt
