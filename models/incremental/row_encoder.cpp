#include "models/incremental/row_encoder.h"

#include <algorithm>

namespace penalmt {

RowEncoder::RowEncoder(const RowStack& weights)
    : weights_(weights), positions_(weights.embedding.positions) {}

const float* RowEncoder::encode(const std::vector<int>& tokens,
                                const std::vector<int64_t>& lengths) {
  const auto rows = static_cast<int64_t>(tokens.size()), width = weights_.width;
  std::vector<int64_t> place;  // of each token in its sentence
  for (const int64_t length : lengths)
    for (int64_t t = 0; t < length; ++t) place.push_back(t);
  float *x = states_.rows(rows, width), *wide = wide_.rows(rows, 3 * width),
        *mixed = mixed_.rows(rows, width), *branch = branch_.rows(rows, width);
  const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  weights_.embedding.embed(tokens, place, positions_.first(longest), width, x);
  for (const RowLayer& layer : weights_.layers) {
    row_residual(weights_, layer.self_norm, rows, x, normed_, [&](const float* y) {
      layer.self_in.apply(y, rows, wide);
      attend(wide, lengths, mixed);
      layer.self_out.apply(mixed, rows, branch);
      return branch;
    });
    row_residual(weights_, layer.feed_forward_norm, rows, x, normed_, [&](const float* y) {
      return row_feed_forward(weights_, layer, y, rows, inner_, branch);
    });
  }
  row_final_norm(weights_, rows, x);
  return x;
}

void RowEncoder::attend(const float* qkv, const std::vector<int64_t>& lengths, float* out) {
  const AttentionKernels& kernels = attention_kernels();
  const int64_t width = weights_.width, depth = width / weights_.heads;
  auto* from = const_cast<float*>(qkv);  // the kernel's rows are of either kind
  for (const int64_t length : lengths) {
    const HeadShape shape{length, length, depth, /*causal=*/false, /*narrow=*/false};
    const auto needed = static_cast<size_t>(kernels.scratch_floats(shape));
    if (scratch_.size() < needed) scratch_.resize(needed);
    if (softmax_.size() < static_cast<size_t>(length)) softmax_.resize(length);
    for (int64_t h = 0; h < weights_.heads; ++h) {
      float* q = from + h * depth;
      kernels.forward({shape,
                       {q, 3 * width},
                       {q + width, 3 * width},
                       {q + 2 * width, 3 * width},
                       softmax_.data(),
                       1},
                      {out + h * depth, width}, scratch_.data());
    }
    from += length * 3 * width;
    out += length * width;
  }
}

}  // namespace penalmt
