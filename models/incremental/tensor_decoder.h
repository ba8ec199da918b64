// The decoder one position at a time through LibTorch's operators, for any device and floating type
// (on the CPU in float32: row_decoder.h): what was computed for the positions before is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/incremental/tensor_attention.h"
#include "models/translation_model.h"

namespace penalmt {

struct TensorLinear {
  at::Tensor transposed, bias;  // [in, out], [out]
  // x: [N, in] → [N, out].
  at::Tensor apply(const at::Tensor& x) const;
};

struct TensorNorm {
  at::Tensor weight, bias;  // [C]
  double epsilon = 1e-5;
  at::Tensor apply(const at::Tensor& x) const;
};

struct TensorLayer {
  TensorLinear self_in, self_out, query, memory, memory_out, up, down;
  TensorNorm self_norm, memory_norm, feed_forward_norm;
  // Doubly attentive decoders only.
  TensorLinear image_query, image_memory, image_out, image_gate;
  TensorNorm image_norm;
};

// The weights of a model's decoder, branch scales folded in. Never changes: threads share one.
struct TensorWeights {
  TensorWeights(TranslationModelImpl& model, bool renormalized);

  bool doubly_attentive;
  NormOrder norm;
  Activation activation;
  StepAttentionShape shape;
  std::vector<TensorLayer> layers;
  TensorNorm final_norm;  // pre-norm only
  at::Tensor embedding;   // [V, C]
  double embedding_scale = 1;
  at::Tensor output;       // [V, C]
  at::Tensor output_bias;  // [V], undefined: 0
  std::shared_ptr<PositionsImpl> position_vectors;
  int64_t longest;  // the most positions there are; 0: no limit
};

// Of memory, by sentences behind one another.
struct PackedMemory {
  at::Tensor states;             // [M of all sentences, C]
  std::vector<int64_t> lengths;  // [B]
};

// As CachedDecoder (cached_decoder.h).
class TensorDecoder {
 public:
  explicit TensorDecoder(std::shared_ptr<const TensorWeights> weights);

  void start(const PackedMemory& text, const Memory& memory,
             const std::vector<std::vector<int>>& choices);
  at::Tensor advance(const std::vector<int>& tokens);
  at::Tensor logits(const at::Tensor& states) const;
  void reorder(const std::vector<int64_t>& rows);

 private:
  // tokens: [N] → [N, C].
  at::Tensor embed(const std::vector<int>& tokens);
  // y: [N, C] → [N, C].
  at::Tensor feed_forward(const TensorLayer& layer, const at::Tensor& y) const;
  // The image's part of a layer, of x [N, C], where the sentence has an image.
  at::Tensor attend_to_image(int64_t l, const at::Tensor& x);
  // One residual: norm(x + branch(x)), or x + branch(norm(x)).
  template <class Branch>
  at::Tensor residual(const at::Tensor& x, const TensorNorm& norm, const Branch& branch) const;

  const std::shared_ptr<const TensorWeights> weights_;
  TensorAttention attention_, image_attention_;  // the latter's memory: the image's regions
  at::Tensor has_image_;    // [N, 1] bool; undefined where no sentence of the batch has an image
  at::Tensor positions_;    // [at least the positions so far, C]
  int64_t position_ = 0;    // of all rows
  at::Tensor barred_;       // [sentences, V] what may not be written; undefined: all may
  at::Tensor of_sentence_;  // [N] whose row of it, where there is one
};

}  // namespace penalmt
