// The weights of a model's decoder, and of its text encoder, laid out for translating on the CPU in
// float32, without LibTorch: rows of numbers through the kernels of tensors/ (row_encoder.h,
// row_decoder.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/kinds.h"
#include "models/options.h"
#include "tensors/packed_matrix.h"
#include "tensors/row_kernels.h"
#include "tensors/shared_floats.h"

namespace penalmt {

// One of a model's parameters: float32.
struct NumberArray {
  SharedFloats numbers;
  std::vector<int64_t> shape;
};
// Where a model's parameters come from.
struct ParameterSource {
  // One by its name in the model; nullopt where there is none of that name.
  std::function<std::optional<NumberArray>(const std::string& name)> find;
  // Residuals that add nothing, as "encoder.layers.0.self_attention_residual".
  std::set<std::string> removed = {};
};

// What packs a matrix: with LibTorch's bfloat16 (packed_linear.h), or without.
using PackMatrix = std::function<PackedMatrix(const MatrixNumbers& numbers)>;

struct NormWeights {
  SharedFloats weight, bias;  // [C]
  int64_t width = 0;
  RowNorm norm() const { return {weight.get(), bias.get(), width, 1e-5f}; }
};

struct RowLayer {
  PackedMatrix self_in, self_out, up, down;
  NormWeights self_norm, feed_forward_norm;
  // The decoder's only.
  PackedMatrix query, memory, memory_out;
  NormWeights memory_norm;
  // Doubly attentive decoders only.
  PackedMatrix image_query, image_memory, image_out, image_gate;
  NormWeights image_norm;
};

// Position vectors. Copies share those that are ready.
class RowPositions {
 public:
  RowPositions() = default;
  // [longest, C], learned.
  RowPositions(SharedFloats learned, int64_t longest)
      : vectors_(std::move(learned)), ready_(longest) {}
  // Computed. kind: not learned.
  RowPositions(PositionKind kind, int64_t width) : kind_(kind), width_(width) { compute(kFirst); }
  // The first `length` and maybe more: [>= length, C], valid until the next call. Throws
  // std::logic_error for more than were learned: callers refuse such sentences beforehand.
  const float* first(int64_t length);

 private:
  static constexpr int64_t kFirst = 128;  // positions computed at once
  void compute(int64_t length);

  PositionKind kind_ = PositionKind::kLearned;
  int64_t width_ = 0;
  SharedFloats vectors_;  // [ready, C]
  int64_t ready_ = 0;
};

// What a stack reads: a row of a matrix for each token, times a number, and its position's vector.
struct RowEmbedding {
  SharedFloats matrix;  // [V, C]
  float scale = 1;
  RowPositions positions;
  // x[r] = the token's row + vectors[of_row[r]]. vectors: [positions, C]; x: [N, C].
  void embed(const std::vector<int>& tokens, const std::vector<int64_t>& of_row,
             const float* vectors, int64_t width, float* x) const;
};

// Layers of one kind.
struct RowStack {
  NormOrder norm = NormOrder::kPost;
  Activation activation = Activation::kRelu;
  int64_t width = 0, heads = 0;
  RowEmbedding embedding;
  std::vector<RowLayer> layers;
  NormWeights final_norm;  // pre-norm only
};

// Never changes: threads share one. Branch scales are folded in.
struct RowWeights {
  RowStack decoder;
  PackedMatrix output;  // [V, C]
  int64_t vocabulary = 0;
  bool doubly_attentive = false;
};

// `renormalized`: the start has the probability 0 (model_description.h: DecodingDefaults). Throws
// Error "no tensor 'x' ..." for what is not there or of another shape.
RowWeights row_weights(const ModelOptions& options, int64_t target_vocabulary,
                       const ParameterSource& source, const PackMatrix& pack, bool renormalized);

// The text encoder's.
RowStack row_encoder_weights(const ModelOptions& options, int64_t source_vocabulary,
                             const ParameterSource& source, const PackMatrix& pack);

}  // namespace penalmt
