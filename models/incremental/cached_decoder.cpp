#include "models/incremental/cached_decoder.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number_set.h"
#include "base/token_ids.h"
#include "models/incremental/step_kernels.h"

namespace penalmt {
namespace {

constexpr int64_t kFirstPositions = 128;  // position vectors computed at once

enum Buffer { kStates, kNormed, kWide, kQuery, kMixed, kBranch, kBefore, kGate, kBuffers };

StepLinear step_linear(const at::Tensor& weight, const at::Tensor& bias, ProductFormat format) {
  if (weight.is_cpu() && weight.scalar_type() == at::kFloat)
    return {PackedMatrix(weight, bias, format), {}, bias};
  return {{}, weight.t().contiguous(), bias};
}

StepLinear step_linear(const LinearImpl& linear, ProductFormat format) {
  return step_linear(linear.weight.detach(), linear.bias.detach(), format);
}

// The last map of a residual's branch.
StepLinear step_linear(const LinearImpl& linear, const ResidualImpl& residual,
                       ProductFormat format) {
  return step_linear(residual.connection->folded(linear.weight),
                     residual.connection->folded(linear.bias), format);
}

std::unique_ptr<StepAttention> step_attention(const StepWeights& weights) {
  return weights.uses_cpu_kernels() ? make_cpu_step_attention(weights.shape)
                                    : make_tensor_step_attention(weights.shape);
}

// states: [M, C] → a layer's keys and values [M, 2 C].
at::Tensor keys_values(const StepLinear& projection, const at::Tensor& states) {
  at::Tensor projected = at::empty({states.size(0), projection.bias.size(0)}, states.options());
  projection.apply(states.contiguous(), projected);
  return projected;
}

StepNorm step_norm(const torch::nn::LayerNormImpl& norm) {
  return {norm.weight.detach(), norm.bias.detach(), norm.options.eps()};
}

}  // namespace

void StepLinear::apply(const at::Tensor& x, at::Tensor& out) const {
  if (packed.defined())
    packed.apply(x, out);
  else
    at::addmm_out(out, bias, x, transposed);
}

namespace {

// The model's, undefined where it has none; or, renormalized, with -infinity at the start.
at::Tensor step_bias(const TranslationModelImpl& model, bool renormalized) {
  at::Tensor bias = model.output_bias();
  if (bias.defined()) bias = bias.detach();
  if (!renormalized) return bias;
  const at::Tensor& output = model.output_embedding();
  bias = bias.defined() ? bias.clone() : at::zeros({output.size(0)}, output.options());
  bias.select(0, kBos).fill_(-std::numeric_limits<double>::infinity());
  return bias;
}

}  // namespace

StepWeights::StepWeights(TranslationModelImpl& model, ProductFormat format, bool renormalized)
    : doubly_attentive(model.options().fusion_kind().decoder_looks),
      norm(model.options().norm == "pre" ? NormOrder::pre : NormOrder::post),
      activation(activation_named(model.options().activation)),
      shape{model.options().decoder_layers, model.options().heads, model.options().width},
      embedding(model.target_embedding().detach()),
      embedding_scale(model.embedding_scale()),
      output(model.output_embedding().detach()),
      output_bias(step_bias(model, renormalized)),
      position_vectors(model.target_positions.ptr()),
      longest(model.options().positions == "learned" ? model.options().longest : 0) {
  for (const auto& module : *model.decoder->layers) {
    const auto& layer = *module->as<DecoderLayerImpl>();
    layers.push_back(
        {.self_in = step_linear(*layer.self_attention->in_projection, format),
         .self_out = step_linear(*layer.self_attention->out_projection,
                                 *layer.self_attention_residual, format),
         .query = step_linear(*layer.cross_attention->query_projection, format),
         .memory = step_linear(*layer.cross_attention->memory_projection, format),
         .memory_out = step_linear(*layer.cross_attention->out_projection,
                                   *layer.cross_attention_residual, format),
         .up = step_linear(*layer.feed_forward->up, format),
         .down = step_linear(*layer.feed_forward->down, *layer.feed_forward_residual, format),
         .self_norm = step_norm(*layer.self_attention_residual->norm),
         .memory_norm = step_norm(*layer.cross_attention_residual->norm),
         .feed_forward_norm = step_norm(*layer.feed_forward_residual->norm)});
    if (!doubly_attentive) continue;
    const auto& image = *layer.image_attention;
    layers.back().image_query = step_linear(*image.attention->query_projection, format);
    layers.back().image_memory = step_linear(*image.attention->memory_projection, format);
    layers.back().image_out =
        step_linear(*image.attention->out_projection, *layer.image_attention_residual, format);
    layers.back().image_gate = step_linear(*image.gate, format);
    layers.back().image_norm = step_norm(*layer.image_attention_residual->norm);
  }
  if (uses_cpu_kernels()) packed_output = PackedMatrix(output, output_bias, format);
  if (norm == NormOrder::pre) final_norm = step_norm(*model.decoder->final_norm);
}

bool StepWeights::uses_cpu_kernels() const {
  return embedding.is_cpu() && embedding.scalar_type() == at::kFloat;
}

CachedDecoder::CachedDecoder(std::shared_ptr<const StepWeights> weights)
    : weights_(std::move(weights)),
      attention_(step_attention(*weights_)),
      image_attention_(weights_->doubly_attentive ? step_attention(*weights_) : nullptr),
      buffers_(kBuffers) {}

CachedDecoder::Chosen CachedDecoder::chosen(const std::vector<std::vector<int>>& choices) const {
  NumberSet together(weights_->output.size(0));
  for (const std::vector<int>& of_sentence : choices) together.add(of_sentence);
  ColumnChoice choice;
  choice.columns = together.ascending();
  const size_t count = choice.columns.size();
  std::vector<int> place(weights_->output.size(0));
  for (size_t c = 0; c < count; ++c) place[choice.columns[c]] = static_cast<int>(c);
  choice.barred.assign(choices.size() * count, ColumnChoice::kBarred);
  for (size_t s = 0; s < choices.size(); ++s) {
    choice.group.push_back(static_cast<int64_t>(s));
    for (const int token : choices[s]) choice.barred[s * count + place[token]] = 0;
  }
  PackedMatrix output;
  if (weights_->packed_output.defined())
    output = weights_->packed_output.of_columns(choice.columns);
  return {std::move(choice), std::move(output), {}};
}

void CachedDecoder::start(const Memory& memory, const std::vector<std::vector<int>>& choices) {
  position_.clear();
  chosen_.clear();
  add(memory, choices);
}

void CachedDecoder::add(const Memory& memory, const std::vector<std::vector<int>>& choices) {
  TORCH_CHECK(position_.empty() || weights_->can_add(), "rows cannot be added to this decoder");
  TORCH_CHECK(position_.empty() || choices.empty() == chosen_.empty(), "choices for some");
  at::Tensor real, lengths;  // [M of all sentences, C], [B] on the CPU
  if (memory.starts.defined()) {
    real = memory.states.squeeze(0);
    lengths = memory.starts.cpu().diff();
  } else {
    const at::Tensor places = memory.visible.flatten().nonzero().squeeze(1);
    real = memory.states.flatten(0, 1).index_select(0, places);
    lengths = memory.visible.sum(1, false, at::kLong).cpu();
  }
  std::vector<at::Tensor> of_text, of_image;
  for (const StepLayer& layer : weights_->layers)
    of_text.push_back(keys_values(layer.memory, real));
  const std::vector<int64_t> of_sentences(lengths.const_data_ptr<int64_t>(),
                                          lengths.const_data_ptr<int64_t>() + lengths.size(0));
  if (position_.empty())
    attention_->start(std::move(of_text), of_sentences);
  else
    attention_->add(std::move(of_text), of_sentences);
  position_.resize(position_.size() + of_sentences.size(), 0);
  if (!choices.empty()) chosen_.push_back(chosen(choices));

  has_image_ = at::Tensor();
  if (!memory.regions.defined()) return;
  const at::Tensor regions = memory.regions.flatten(0, 1);  // [B * R, C]
  for (const StepLayer& layer : weights_->layers)
    of_image.push_back(keys_values(layer.image_memory, regions));
  image_attention_->start(std::move(of_image),
                          std::vector<int64_t>(memory.regions.size(0), memory.regions.size(1)));
  has_image_ = memory.has_image.unsqueeze(1);
}

template <class Branch>
void CachedDecoder::residual(at::Tensor& x, const StepNorm& norm, const Branch& branch) {
  if (weights_->norm == NormOrder::post) {
    add_norm(x, branch(x), norm.weight, norm.bias, norm.epsilon, x);
    return;
  }
  x.add_(branch(at::layer_norm(x, {x.size(1)}, norm.weight, norm.bias, norm.epsilon)));
}

at::Tensor CachedDecoder::advance(const std::vector<int>& tokens) {
  const int64_t rows = static_cast<int64_t>(tokens.size()), width = weights_->shape.width;
  at::Tensor x = buffer(kStates, rows, width), wide = buffer(kWide, rows, 3 * width),
             query = buffer(kQuery, rows, width);
  at::Tensor mixed = buffer(kMixed, rows, width), branch = buffer(kBranch, rows, width);
  embed(tokens, x);
  attention_->begin_position();
  for (size_t l = 0; l < weights_->layers.size(); ++l) {
    const StepLayer& layer = weights_->layers[l];
    residual(x, layer.self_norm, [&](const at::Tensor& y) {
      layer.self_in.apply(y, wide);
      attention_->attend_self(static_cast<int64_t>(l), wide, mixed);
      layer.self_out.apply(mixed, branch);
      return branch;
    });
    residual(x, layer.memory_norm, [&](const at::Tensor& y) {
      layer.query.apply(y, query);
      attention_->attend_memory(static_cast<int64_t>(l), query, mixed);
      layer.memory_out.apply(mixed, branch);
      return branch;
    });
    if (has_image_.defined()) attend_to_image(static_cast<int64_t>(l), x);
    residual(x, layer.feed_forward_norm,
             [&](const at::Tensor& y) { return feed_forward(layer, y); });
  }
  for (int64_t& position : position_) ++position;
  if (weights_->norm == NormOrder::post) return x;
  const StepNorm& norm = weights_->final_norm;
  return at::layer_norm(x, {width}, norm.weight, norm.bias, norm.epsilon);
}

at::Tensor CachedDecoder::feed_forward(const StepLayer& layer, const at::Tensor& y) {
  at::Tensor inner = buffer(kNormed, y.size(0), layer.up.bias.size(0)),
             branch = buffer(kBranch, y.size(0), y.size(1));
  layer.up.apply(y, inner);
  switch (weights_->activation) {
    case Activation::relu:
      inner.relu_();
      break;
    case Activation::gelu:
      at::gelu_(inner);
      break;
    case Activation::silu:
      at::silu_(inner);
      break;
  }
  layer.down.apply(inner, branch);
  return branch;
}

void CachedDecoder::attend_to_image(int64_t l, at::Tensor& x) {
  const StepLayer& layer = weights_->layers[l];
  const int64_t rows = x.size(0), width = x.size(1);
  at::Tensor before = buffer(kBefore, rows, width).copy_(x);
  at::Tensor query = buffer(kQuery, rows, width), mixed = buffer(kMixed, rows, width),
             branch = buffer(kBranch, rows, width), gate = buffer(kGate, rows, 1);
  residual(x, layer.image_norm, [&](const at::Tensor& y) {
    layer.image_query.apply(y, query);
    image_attention_->attend_memory(l, query, mixed);
    layer.image_out.apply(mixed, branch);
    layer.image_gate.apply(y, gate);
    return branch.mul_(gate.sigmoid_());
  });
  x.copy_(at::where(has_image_, x, before));
}

void CachedDecoder::reorder(const std::vector<int64_t>& rows) {
  attention_->reorder(rows);
  std::vector<int64_t> position;
  for (const int64_t row : rows) position.push_back(position_[row]);
  position_ = std::move(position);
  auto row = rows.begin();
  int64_t first = 0;  // row of the group
  for (Chosen& of_group : chosen_) {
    std::vector<int64_t> group;
    const auto behind = first + static_cast<int64_t>(of_group.choice.group.size());
    for (; row != rows.end() && first <= *row && *row < behind; ++row)
      group.push_back(of_group.choice.group[*row - first]);
    of_group.choice.group = std::move(group);
    first = behind;
  }
  TORCH_CHECK(chosen_.empty() || row == rows.end(), "sentences must stay in order");
  std::erase_if(chosen_, [](const Chosen& of_group) { return of_group.choice.group.empty(); });
  if (!has_image_.defined()) return;
  image_attention_->reorder(rows);
  has_image_ = has_image_.index_select(0, at::tensor(rows, at::kLong).to(has_image_.device()));
}

at::Tensor CachedDecoder::logits(const at::Tensor& states) {
  const at::Tensor all = weights_->packed_output.defined()
                             ? weights_->packed_output.product(states)
                             : at::linear(states, weights_->output, weights_->output_bias);
  if (chosen_.empty()) return all;
  const at::Tensor numbers = all.to(at::kFloat);
  std::vector<at::Tensor> parts;
  int64_t first = 0;
  for (auto& [choice, output, barred] : chosen_) {
    if (!barred.defined()) {
      const auto columns = static_cast<int64_t>(choice.columns.size());
      const at::Tensor of_columns = at::tensor(choice.barred).view({-1, columns});
      barred = at::full({of_columns.size(0), all.size(1)}, ColumnChoice::kBarred, at::kFloat)
                   .index_copy_(1, at::tensor(choice.columns, at::kLong), of_columns)
                   .to(all.device());
    }
    const auto rows = static_cast<int64_t>(choice.group.size());
    parts.push_back(numbers.narrow(0, first, rows) +
                    barred.index_select(0, at::tensor(choice.group, at::kLong).to(all.device())));
    first += rows;
  }
  return parts.size() == 1 ? parts.front() : at::cat(parts);
}

Candidates CachedDecoder::best(const at::Tensor& states, const CandidateRule& rule) {
  if (!weights_->packed_output.defined()) return top_candidates(logits(states), rule);
  if (chosen_.empty()) return weights_->packed_output.best(states, rule);
  std::vector<Candidates> parts;
  int64_t first = 0;
  for (const auto& [choice, output, barred] : chosen_) {
    const auto rows = static_cast<int64_t>(choice.group.size());
    parts.push_back(output.best(states.narrow(0, first, rows), rule, choice));
    first += rows;
  }
  return joined(parts);
}

void CachedDecoder::embed(const std::vector<int>& tokens, at::Tensor& x) {
  const int64_t furthest = *std::max_element(position_.begin(), position_.end());
  if (!positions_.defined() || furthest >= positions_.size(0)) {
    int64_t wanted = std::max(kFirstPositions, 2 * furthest);
    if (weights_->longest > 0) wanted = std::min(wanted, weights_->longest);
    positions_ = weights_->positions(wanted);
  }
  embed_tokens(tokens, weights_->embedding, weights_->embedding_scale, {positions_, position_}, x);
}

// A contiguous [rows, columns] of memory that earlier steps used too.
at::Tensor CachedDecoder::buffer(int which, int64_t rows, int64_t columns) {
  at::Tensor& kept = buffers_[which];
  if (!kept.defined() || kept.numel() < rows * columns)
    kept = at::empty({rows * columns}, weights_->embedding.options());
  return kept.narrow(0, 0, rows * columns).view({rows, columns});
}

}  // namespace penalmt
