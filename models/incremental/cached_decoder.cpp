#include "models/incremental/cached_decoder.h"

#include <ATen/Functions.h>

#include <map>

#include "tensors/packed_linear.h"

namespace penalmt {
namespace {

// The memory's sentences behind one another.
PackedMemory packed_memory(const Memory& memory) {
  at::Tensor states, lengths;  // [M of all sentences, C], [B] on the CPU
  if (memory.starts.defined()) {
    states = memory.states.squeeze(0);
    lengths = memory.starts.cpu().diff();
  } else {
    const at::Tensor places = memory.visible.flatten().nonzero().squeeze(1);
    states = memory.states.flatten(0, 1).index_select(0, places);
    lengths = memory.visible.sum(1, false, at::kLong).cpu();
  }
  return {states,
          {lengths.const_data_ptr<int64_t>(), lengths.const_data_ptr<int64_t>() + lengths.size(0)}};
}

}  // namespace

ParameterSource parameters_of(TranslationModelImpl& model) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& parameter : model.named_parameters())
    tensors.emplace(parameter.key(), parameter.value().detach());
  std::set<std::string> removed;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    const auto* residual = module.value()->as<ResidualImpl>();
    if (residual != nullptr && residual->connection->is_removed()) removed.insert(module.key());
  }
  const auto find = [tensors](const std::string& name) -> std::optional<NumberArray> {
    const auto found = tensors.find(name);
    if (found == tensors.end()) return std::nullopt;
    return NumberArray{shared_floats(found->second), found->second.sizes().vec()};
  };
  return {find, std::move(removed)};
}

PackMatrix packer(ProductFormat format) {
  return [format](const MatrixNumbers& numbers) { return packed_matrix(numbers, format); };
}

StepWeights::StepWeights(TranslationModelImpl& model, ProductFormat format, bool renormalized)
    : device(model.output_embedding().device()) {
  const at::Tensor& output = model.output_embedding();
  if (output.is_cpu() && output.scalar_type() == at::kFloat)
    rows = std::make_shared<const RowWeights>(row_weights(
        model.options(), output.size(0), parameters_of(model), packer(format), renormalized));
  else
    tensors = std::make_shared<const TensorWeights>(model, renormalized);
}

CachedDecoder::CachedDecoder(std::shared_ptr<const StepWeights> weights)
    : weights_(std::move(weights)),
      rows_(weights_->rows ? std::make_unique<RowDecoder>(weights_->rows) : nullptr),
      tensors_(weights_->tensors ? std::make_unique<TensorDecoder>(weights_->tensors) : nullptr) {}

void CachedDecoder::start(const Memory& memory, const std::vector<std::vector<int>>& choices) {
  if (tensors_) return tensors_->start(packed_memory(memory), memory, choices);
  rows_->clear();
  add(memory, choices);
}

void CachedDecoder::add(const Memory& memory, const std::vector<std::vector<int>>& choices) {
  TORCH_CHECK(rows_ && (rows_->rows() == 0 || weights_->can_add()),
              "rows cannot be added to this decoder");
  const PackedMemory text = packed_memory(memory);
  rows_->add(text.states.contiguous().const_data_ptr<float>(), text.lengths, choices);
  if (!memory.regions.defined()) return;
  const at::Tensor regions = memory.regions.contiguous();  // [B, R, C]
  const bool* has_image = memory.has_image.const_data_ptr<bool>();
  rows_->look_at({regions.const_data_ptr<float>(), regions.size(1),
                  std::vector<bool>(has_image, has_image + memory.has_image.numel())});
}

at::Tensor CachedDecoder::advance(const std::vector<int>& tokens) {
  if (tensors_) return tensors_->advance(tokens);
  const float* states = rows_->advance(tokens);
  return at::from_blob(const_cast<float*>(states), {rows_->rows(), weights_->rows->decoder.width},
                       at::kFloat);
}

at::Tensor CachedDecoder::logits(const at::Tensor& states) {
  if (tensors_) return tensors_->logits(states);
  at::Tensor all = at::empty({rows_->rows(), weights_->rows->vocabulary}, at::kFloat);
  rows_->logits(states.contiguous().const_data_ptr<float>(), all.mutable_data_ptr<float>());
  return all;
}

Candidates CachedDecoder::best(const at::Tensor& states, const CandidateRule& rule) {
  if (tensors_) return top_candidates(tensors_->logits(states), rule);
  return rows_->best(states.contiguous().const_data_ptr<float>(), rule);
}

void CachedDecoder::reorder(const std::vector<int64_t>& rows) {
  rows_ ? rows_->reorder(rows) : tensors_->reorder(rows);
}

}  // namespace penalmt
