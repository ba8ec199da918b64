// The decoder one position at a time: what was computed for the positions before is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/incremental/step_attention.h"
#include "models/translation_model.h"
#include "tensors/packed_matrix.h"
#include "tensors/top_candidates.h"

namespace penalmt {

// A linear map laid out for products of few rows.
struct StepLinear {
  PackedMatrix packed;    // float32 on the CPU, else undefined
  at::Tensor transposed;  // [in, out], where it is not packed
  at::Tensor bias;        // [out]
  // x: [N, in] → out: [N, out].
  void apply(const at::Tensor& x, at::Tensor& out) const;
};

struct StepNorm {
  at::Tensor weight, bias;  // [C]
  double epsilon = 1e-5;
};

struct StepLayer {
  StepLinear self_in, self_out, query, memory, memory_out, up, down;
  StepNorm self_norm, memory_norm, feed_forward_norm;
  // Doubly attentive decoders only.
  StepLinear image_query, image_memory, image_out, image_gate;
  StepNorm image_norm;
};

// The weights of a model's decoder, copied into the layout that single steps want, branch scales
// folded in. Never changes: threads share one.
struct StepWeights {
  // `format`: of the products, on the CPU; elsewhere they are in the model's own. `renormalized`:
  // the start has the probability 0 (model_folder.h: DecodingDefaults).
  explicit StepWeights(TranslationModelImpl& model, ProductFormat format = ProductFormat::float32,
                       bool renormalized = false);

  bool uses_cpu_kernels() const;  // float32 on the CPU
  // Whether sentences may be added to those under way (CachedDecoder::add).
  bool can_add() const { return uses_cpu_kernels() && !doubly_attentive; }
  // [length, C]
  at::Tensor positions(int64_t length) const {
    return position_vectors->forward(length, embedding.options());
  }

  bool doubly_attentive;
  NormOrder norm;
  Activation activation;
  StepAttentionShape shape;
  std::vector<StepLayer> layers;
  StepNorm final_norm;   // pre-norm only
  at::Tensor embedding;  // [V, C]
  double embedding_scale = 1;
  at::Tensor output;           // [V, C]
  at::Tensor output_bias;      // [V], undefined: 0
  PackedMatrix packed_output;  // float32 on the CPU, else undefined
  std::shared_ptr<PositionsImpl> position_vectors;
  int64_t longest;  // the most positions there are; 0: no limit
};

// One batch after the other; buffers are used again. Not for two threads at once. Wants
// c10::InferenceMode or no_grad.
class CachedDecoder {
 public:
  explicit CachedDecoder(std::shared_ptr<const StepWeights> weights);

  // Begins a batch: one row a sentence, no position yet. Every sentence must see at least one
  // position of the memory. choices: of each sentence the tokens that it may be made of, ascending;
  // empty: all.
  void start(const Memory& memory, const std::vector<std::vector<int>>& choices = {});
  // The same behind the rows that there are, where the weights allow it; with choices where those
  // have them.
  void add(const Memory& memory, const std::vector<std::vector<int>>& choices = {});
  // One position on: tokens[r] is what row r said last (the start token at first). Returns the
  // decoder's states [N, C], valid until the next call.
  at::Tensor advance(const std::vector<int>& tokens);
  // states: [N, C] → [N, V]; ColumnChoice::kBarred or less where a token may not be.
  at::Tensor logits(const at::Tensor& states);
  // states: [N, C]. The best of logits(states), which are never in memory as a whole.
  Candidates best(const at::Tensor& states, const CandidateRule& rule);
  // Row r goes on from what was row rows[r]. With choices, sentences stay in order.
  void reorder(const std::vector<int64_t>& rows);

 private:
  // The choices of sentences that came together.
  struct Chosen {
    ColumnChoice choice;  // its group: of the rows that are open
    PackedMatrix output;  // of the choice's columns, on the CPU in float32, else undefined
    at::Tensor barred;    // [sentences, V], undefined until logits() is asked
  };
  Chosen chosen(const std::vector<std::vector<int>>& choices) const;
  // [rows, columns] of memory that earlier steps used too.
  at::Tensor buffer(int which, int64_t rows, int64_t columns);
  // x: [N, C] is written.
  void embed(const std::vector<int>& tokens, at::Tensor& x);
  // y: [N, C] → [N, C].
  at::Tensor feed_forward(const StepLayer& layer, const at::Tensor& y);
  // The image's part of a layer, in x [N, C], where the sentence has an image.
  void attend_to_image(int64_t l, at::Tensor& x);
  // One residual of x [N, C]: x = norm(x + branch(x)), or x = x + branch(norm(x)).
  template <class Branch>
  void residual(at::Tensor& x, const StepNorm& norm, const Branch& branch);

  const std::shared_ptr<const StepWeights> weights_;
  const std::unique_ptr<StepAttention> attention_;
  const std::unique_ptr<StepAttention> image_attention_;  // its memory: the image's regions
  at::Tensor has_image_;  // [N, 1] bool; undefined where no sentence of the batch has an image
  std::vector<at::Tensor> buffers_;  // [numbers] each, as many as were ever needed
  at::Tensor positions_;             // [at least the positions so far, C]
  std::vector<int64_t> position_;    // [N] of each row
  std::vector<Chosen> chosen_;       // none: all pieces may be written
};

}  // namespace penalmt
