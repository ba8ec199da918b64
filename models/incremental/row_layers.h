// What the rows of a stack go through, layer by layer, but for the attention: row_encoder.cpp and
// row_decoder.cpp have their own.
#pragma once

#include <cstdint>
#include <vector>

#include "models/incremental/row_weights.h"

namespace penalmt {

// Memory of rows that is used again.
class RowBuffer {
 public:
  float* rows(int64_t count, int64_t columns) {
    const auto needed = static_cast<size_t>(count * columns);
    if (numbers_.size() < needed) numbers_.resize(needed);
    return numbers_.data();
  }

 private:
  std::vector<float> numbers_;
};

// One residual of x [rows, C]. branch(y) → [rows, C] in memory that is not x's.
template <class Branch>
void row_residual(const RowStack& stack, const NormWeights& norm, int64_t rows, float* x,
                  RowBuffer& normed, const Branch& branch) {
  const RowKernels& kernels = row_kernels();
  const int64_t width = stack.width;
  if (stack.norm == NormOrder::kPost) {
    const float* added = branch(x);
    for (int64_t r = 0; r < rows; ++r)
      kernels.add_norm_row(x + r * width, added + r * width, norm.norm(), x + r * width);
    return;
  }
  float* y = normed.rows(rows, width);
  for (int64_t r = 0; r < rows; ++r)
    kernels.add_norm_row(x + r * width, nullptr, norm.norm(), y + r * width);
  const float* added = branch(y);
  for (int64_t i = 0; i < rows * width; ++i) x[i] += added[i];
}

// y: [rows, C] → [rows, C] in `out`.
const float* row_feed_forward(const RowStack& stack, const RowLayer& layer, const float* y,
                              int64_t rows, RowBuffer& inner, float* out);

// What a pre-norm stack ends with; nothing for a post-norm one. x: [rows, C].
void row_final_norm(const RowStack& stack, int64_t rows, float* x);

}  // namespace penalmt
