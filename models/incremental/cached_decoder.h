// The decoder one position at a time: what was computed for the positions before is kept. On the
// CPU in float32 by row_decoder.h, elsewhere by tensor_decoder.h.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/incremental/row_decoder.h"
#include "models/incremental/tensor_decoder.h"
#include "models/translation_model.h"
#include "tensors/packed_matrix.h"
#include "tensors/top_candidates.h"

namespace penalmt {

// The parameters of a module for row_weights.h, float32 on the CPU. They share its numbers, which
// must not change. What is removed from the chain now (PenalConnectionImpl::remove) adds nothing.
ParameterSource parameters_of(TranslationModelImpl& model);
// Packs matrices in that format, bfloat16 included.
PackMatrix packer(ProductFormat format);

// The weights of a model's decoder in the layout that single steps want, branch scales folded in.
// Never changes, nor may the model's: threads share one.
struct StepWeights {
  // `format`: of the products, on the CPU; elsewhere they are in the model's own. `renormalized`:
  // the start has the probability 0 (model_description.h: DecodingDefaults).
  explicit StepWeights(TranslationModelImpl& model, ProductFormat format = ProductFormat::kFloat32,
                       bool renormalized = false);

  bool uses_cpu_kernels() const { return rows != nullptr; }  // float32 on the CPU
  // Whether sentences may be added to those under way (CachedDecoder::add).
  bool can_add() const { return rows && !rows->doubly_attentive; }

  c10::Device device;
  std::shared_ptr<const RowWeights> rows;  // or
  std::shared_ptr<const TensorWeights> tensors;
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
  // The rows themselves, where the weights are rows; null elsewhere.
  RowDecoder* rows() { return rows_.get(); }
  // One position on: tokens[r] is what row r said last (the start token at first). Returns the
  // decoder's states [N, C], valid until the next call.
  at::Tensor advance(const std::vector<int>& tokens);
  // states: [N, C] → [N, V]; ColumnChoice::kBarred or less where a token may not be.
  at::Tensor logits(const at::Tensor& states);
  // states: [N, C]. The best of logits(states); from rows they are never in memory as a whole.
  Candidates best(const at::Tensor& states, const CandidateRule& rule);
  // Row r goes on from what was row rows[r]. With choices, sentences stay in order.
  void reorder(const std::vector<int64_t>& rows);

 private:
  const std::shared_ptr<const StepWeights> weights_;
  const std::unique_ptr<RowDecoder> rows_;  // or
  const std::unique_ptr<TensorDecoder> tensors_;
};

}  // namespace penalmt
