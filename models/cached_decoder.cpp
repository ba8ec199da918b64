#include "models/cached_decoder.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "models/step_kernels.h"
#include "tensors/private_operators.h"

namespace penalmt {
namespace {

constexpr int64_t kTile = 1024;           // columns of logits at a time: a batch's tile stays in the second cache
constexpr int64_t kFirstPositions = 128;  // position vectors computed at once

enum Buffer { kStates, kNormed, kWide, kQuery, kMixed, kBranch, kTileBuffer, kBuffers };

StepLinear step_linear(const LinearImpl& linear) {
  const at::Tensor weight = linear.weight.detach();
  return {weight, weight.t().contiguous(), linear.bias.detach()};
}

StepNorm step_norm(const torch::nn::LayerNormImpl& norm) {
  return {norm.weight.detach(), norm.bias.detach(), norm.options.eps()};
}

}  // namespace

void StepLinear::apply(const at::Tensor& x, at::Tensor& out) const {
  if (onednn_is_faster(x))
    out.copy_(onednn_linear(x, weight, bias));
  else
    at::addmm_out(out, bias, x, transposed);
}

StepWeights::StepWeights(TranslationModelImpl& model)
    : norm(model.options().norm == "pre" ? NormOrder::pre : NormOrder::post),
      activation(model.options().activation == "gelu" ? Activation::gelu : Activation::relu),
      shape{model.options().decoder_layers, model.options().heads, model.options().width},
      embedding(model.target_embedding().detach()),
      output(model.output_embedding().detach()),
      position_vectors(model.target_positions.ptr()),
      longest(model.options().positions == "learned" ? model.options().longest : 0) {
  for (const auto& module : *model.decoder->layers) {
    const auto& layer = *module->as<DecoderLayerImpl>();
    layers.push_back({.self_in = step_linear(*layer.self_attention->in_projection),
                      .self_out = step_linear(*layer.self_attention->out_projection),
                      .query = step_linear(*layer.cross_attention->query_projection),
                      .memory = step_linear(*layer.cross_attention->memory_projection),
                      .memory_out = step_linear(*layer.cross_attention->out_projection),
                      .up = step_linear(*layer.feed_forward->up),
                      .down = step_linear(*layer.feed_forward->down),
                      .self_norm = step_norm(*layer.self_attention_residual->norm),
                      .memory_norm = step_norm(*layer.cross_attention_residual->norm),
                      .feed_forward_norm = step_norm(*layer.feed_forward_residual->norm)});
  }
  if (norm == NormOrder::pre) final_norm = step_norm(*model.decoder->final_norm);
}

bool StepWeights::uses_cpu_kernels() const { return embedding.is_cpu() && embedding.scalar_type() == at::kFloat; }

CachedDecoder::CachedDecoder(std::shared_ptr<const StepWeights> weights)
    : weights_(std::move(weights)),
      attention_(weights_->uses_cpu_kernels() ? make_cpu_step_attention(weights_->shape)
                                              : make_tensor_step_attention(weights_->shape)),
      buffers_(kBuffers) {}

void CachedDecoder::start(const Memory& memory) {
  const at::Tensor places = memory.visible.flatten().nonzero().squeeze(1);
  const at::Tensor real = memory.states.flatten(0, 1).index_select(0, places);  // [M of all sentences, C]
  const at::Tensor lengths = memory.visible.sum(1, false, at::kLong).cpu();     // [B]
  std::vector<at::Tensor> keys_values;
  for (const StepLayer& layer : weights_->layers) {
    at::Tensor projected = at::empty({real.size(0), 2 * weights_->shape.width}, real.options());
    layer.memory.apply(real, projected);
    keys_values.push_back(std::move(projected));
  }
  attention_->start(std::move(keys_values),
                    {lengths.const_data_ptr<int64_t>(), lengths.const_data_ptr<int64_t>() + lengths.size(0)});
  position_ = 0;
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
    residual(x, layer.feed_forward_norm, [&](const at::Tensor& y) {
      at::Tensor inner = buffer(kNormed, rows, layer.up.bias.size(0));
      layer.up.apply(y, inner);
      if (weights_->activation == Activation::relu)
        inner.relu_();
      else
        at::gelu_(inner);
      layer.down.apply(inner, branch);
      return branch;
    });
  }
  ++position_;
  if (weights_->norm == NormOrder::post) return x;
  const StepNorm& norm = weights_->final_norm;
  return at::layer_norm(x, {width}, norm.weight, norm.bias, norm.epsilon);
}

at::Tensor CachedDecoder::logits(const at::Tensor& states) const {
  if (onednn_is_faster(states)) return onednn_linear(states, weights_->output, {});
  return at::mm(states, weights_->output.t());
}

Candidates CachedDecoder::best(const at::Tensor& states, const CandidateRule& rule) {
  const at::Tensor& output = weights_->output;
  if (!weights_->uses_cpu_kernels() || onednn_is_faster(states)) return top_candidates(logits(states), rule);
  const int64_t rows = states.size(0), vocabulary = output.size(0);
  CandidateScan scan(rows, rule);
  for (int64_t first = 0; first < vocabulary; first += kTile) {
    const int64_t columns = std::min(kTile, vocabulary - first);
    at::Tensor tile = buffer(kTileBuffer, rows, columns);
    at::mm_out(tile, states, output.narrow(0, first, columns).t());
    scan.add(tile.const_data_ptr<float>(), columns, first, columns);
  }
  return scan.finish();
}

void CachedDecoder::embed(const std::vector<int>& tokens, at::Tensor& x) {
  if (!positions_.defined() || position_ >= positions_.size(0)) {
    int64_t wanted = std::max(kFirstPositions, 2 * position_);
    if (weights_->longest > 0) wanted = std::min(wanted, weights_->longest);
    positions_ = weights_->positions(wanted);
  }
  embed_tokens(tokens, weights_->embedding, std::sqrt(static_cast<double>(x.size(1))), positions_[position_], x);
}

// A contiguous [rows, columns] of memory that earlier steps used too.
at::Tensor CachedDecoder::buffer(int which, int64_t rows, int64_t columns) {
  at::Tensor& kept = buffers_[which];
  if (!kept.defined() || kept.numel() < rows * columns)
    kept = at::empty({rows * columns}, weights_->embedding.options());
  return kept.narrow(0, 0, rows * columns).view({rows, columns});
}

}  // namespace penalmt
