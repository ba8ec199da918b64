#include "models/incremental/tensor_decoder.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <limits>

#include "base/token_ids.h"
#include "tensors/packed_matrix.h"

namespace penalmt {
namespace {

constexpr int64_t kFirstPositions = 128;  // position vectors computed at once

TensorLinear tensor_linear(const LinearImpl& linear) {
  return {linear.weight.detach().t().contiguous(), linear.bias.detach()};
}

// The last map of a residual's branch.
TensorLinear tensor_linear(const LinearImpl& linear, const ResidualImpl& residual) {
  return {residual.connection->folded(linear.weight).t().contiguous(),
          residual.connection->folded(linear.bias)};
}

TensorNorm tensor_norm(const torch::nn::LayerNormImpl& norm) {
  return {norm.weight.detach(), norm.bias.detach(), norm.options.eps()};
}

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

TensorLayer tensor_layer(DecoderLayerImpl& layer) {
  return {.self_in = tensor_linear(*layer.self_attention->in_projection),
          .self_out =
              tensor_linear(*layer.self_attention->out_projection, *layer.self_attention_residual),
          .query = tensor_linear(*layer.cross_attention->query_projection),
          .memory = tensor_linear(*layer.cross_attention->memory_projection),
          .memory_out = tensor_linear(*layer.cross_attention->out_projection,
                                      *layer.cross_attention_residual),
          .up = tensor_linear(*layer.feed_forward->up),
          .down = tensor_linear(*layer.feed_forward->down, *layer.feed_forward_residual),
          .self_norm = tensor_norm(*layer.self_attention_residual->norm),
          .memory_norm = tensor_norm(*layer.cross_attention_residual->norm),
          .feed_forward_norm = tensor_norm(*layer.feed_forward_residual->norm)};
}

void add_image_part(DecoderLayerImpl& from, TensorLayer& layer) {
  const auto& image = *from.image_attention;
  layer.image_query = tensor_linear(*image.attention->query_projection);
  layer.image_memory = tensor_linear(*image.attention->memory_projection);
  layer.image_out = tensor_linear(*image.attention->out_projection, *from.image_attention_residual);
  layer.image_gate = tensor_linear(*image.gate);
  layer.image_norm = tensor_norm(*from.image_attention_residual->norm);
}

// The regions of [B, R, C] as if they were a memory.
PackedMemory memory_of(const at::Tensor& regions) {
  return {regions.flatten(0, 1), std::vector<int64_t>(regions.size(0), regions.size(1))};
}

}  // namespace

at::Tensor TensorLinear::apply(const at::Tensor& x) const { return at::addmm(bias, x, transposed); }

at::Tensor TensorNorm::apply(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(1)}, weight, bias, epsilon);
}

TensorWeights::TensorWeights(TranslationModelImpl& model, bool renormalized)
    : doubly_attentive(model.options().fusion_kind().decoder_looks),
      norm(norm_order_named(model.options().norm)),
      activation(activation_named(model.options().activation)),
      shape{model.options().decoder_layers, model.options().heads, model.options().width},
      embedding(model.target_embedding().detach()),
      embedding_scale(model.embedding_scale()),
      output(model.output_embedding().detach()),
      output_bias(step_bias(model, renormalized)),
      position_vectors(model.target_positions.ptr()),
      longest(model.options().positions == "learned" ? model.options().longest : 0) {
  for (const auto& module : *model.decoder->layers) {
    auto& layer = *module->as<DecoderLayerImpl>();
    layers.push_back(tensor_layer(layer));
    if (doubly_attentive) add_image_part(layer, layers.back());
  }
  if (norm == NormOrder::kPre) final_norm = tensor_norm(*model.decoder->final_norm);
}

TensorDecoder::TensorDecoder(std::shared_ptr<const TensorWeights> weights)
    : weights_(std::move(weights)),
      attention_(weights_->shape),
      image_attention_(weights_->shape) {}

void TensorDecoder::start(const PackedMemory& text, const Memory& memory,
                          const std::vector<std::vector<int>>& choices) {
  const auto begin = [&](TensorAttention& attention, const PackedMemory& of,
                         TensorLinear TensorLayer::*projection) {
    std::vector<at::Tensor> keys_values;
    for (const TensorLayer& layer : weights_->layers)
      keys_values.push_back((layer.*projection).apply(of.states));
    attention.start(std::move(keys_values), of.lengths);
  };
  begin(attention_, text, &TensorLayer::memory);
  position_ = 0;
  has_image_ = at::Tensor();
  if (memory.regions.defined()) {
    begin(image_attention_, memory_of(memory.regions), &TensorLayer::image_memory);
    has_image_ = memory.has_image.unsqueeze(1);
  }
  barred_ = of_sentence_ = at::Tensor();
  if (choices.empty()) return;
  const auto sentences = static_cast<int64_t>(choices.size());
  const at::Tensor barred =
      at::full({sentences, weights_->output.size(0)}, ColumnChoice::kBarred, at::kFloat);
  for (int64_t s = 0; s < sentences; ++s)
    barred[s].index_fill_(0, at::tensor(choices[s], at::kLong), 0);
  barred_ = barred.to(weights_->output.device());
  of_sentence_ = at::arange(sentences, at::kLong).to(barred_.device());
}

template <class Branch>
at::Tensor TensorDecoder::residual(const at::Tensor& x, const TensorNorm& norm,
                                   const Branch& branch) const {
  if (weights_->norm == NormOrder::kPost) return norm.apply(at::add(x, branch(x)));
  return at::add(x, branch(norm.apply(x)));
}

at::Tensor TensorDecoder::advance(const std::vector<int>& tokens) {
  at::Tensor x = embed(tokens);
  attention_.begin_position();
  for (size_t number = 0; number < weights_->layers.size(); ++number) {
    const TensorLayer& layer = weights_->layers[number];
    const auto l = static_cast<int64_t>(number);
    x = residual(x, layer.self_norm, [&](const at::Tensor& y) {
      return layer.self_out.apply(attention_.attend_self(l, layer.self_in.apply(y)));
    });
    x = residual(x, layer.memory_norm, [&](const at::Tensor& y) {
      return layer.memory_out.apply(attention_.attend_memory(l, layer.query.apply(y)));
    });
    if (has_image_.defined()) x = attend_to_image(l, x);
    x = residual(x, layer.feed_forward_norm,
                 [&](const at::Tensor& y) { return feed_forward(layer, y); });
  }
  ++position_;
  return weights_->norm == NormOrder::kPost ? x : weights_->final_norm.apply(x);
}

at::Tensor TensorDecoder::feed_forward(const TensorLayer& layer, const at::Tensor& y) const {
  at::Tensor inner = layer.up.apply(y);
  switch (weights_->activation) {
    case Activation::kRelu:
      inner.relu_();
      break;
    case Activation::kGelu:
      at::gelu_(inner);
      break;
    case Activation::kSilu:
      at::silu_(inner);
      break;
  }
  return layer.down.apply(inner);
}

at::Tensor TensorDecoder::attend_to_image(int64_t l, const at::Tensor& x) {
  const TensorLayer& layer = weights_->layers[l];
  const at::Tensor seen = residual(x, layer.image_norm, [&](const at::Tensor& y) {
    const at::Tensor mixed = image_attention_.attend_memory(l, layer.image_query.apply(y));
    return layer.image_out.apply(mixed).mul_(layer.image_gate.apply(y).sigmoid_());
  });
  return at::where(has_image_, seen, x);
}

void TensorDecoder::reorder(const std::vector<int64_t>& rows) {
  attention_.reorder(rows);
  if (barred_.defined())
    of_sentence_ =
        of_sentence_.index_select(0, at::tensor(rows, at::kLong).to(of_sentence_.device()));
  if (!has_image_.defined()) return;
  image_attention_.reorder(rows);
  has_image_ = has_image_.index_select(0, at::tensor(rows, at::kLong).to(has_image_.device()));
}

at::Tensor TensorDecoder::logits(const at::Tensor& states) const {
  const at::Tensor all = at::linear(states, weights_->output, weights_->output_bias);
  if (!barred_.defined()) return all;
  return all.to(at::kFloat).add_(barred_.index_select(0, of_sentence_));
}

at::Tensor TensorDecoder::embed(const std::vector<int>& tokens) {
  if (!positions_.defined() || position_ >= positions_.size(0)) {
    int64_t wanted = std::max(kFirstPositions, 2 * position_);
    if (weights_->longest > 0) wanted = std::min(wanted, weights_->longest);
    positions_ = weights_->position_vectors->forward(wanted, weights_->embedding.options());
  }
  const at::Tensor ids = at::tensor(tokens, at::kInt).to(weights_->embedding.device());
  return at::add(positions_[position_], at::embedding(weights_->embedding, ids),
                 weights_->embedding_scale);
}

}  // namespace penalmt
