#include "models/decoder.h"

#include <torch/torch.h>

namespace penalmt {

DecoderLayerImpl::DecoderLayerImpl(const StackConfig& config)
    : self_attention(register_module("self_attention", SelfAttention(config.width, config.heads, config.attention_dropout))),
      self_attention_residual(
          register_module("self_attention_residual", Residual(config.width, config.norm, config.dropout, config.tau))),
      cross_attention(register_module("cross_attention", CrossAttention(config.width, config.heads, config.attention_dropout))),
      cross_attention_residual(
          register_module("cross_attention_residual", Residual(config.width, config.norm, config.dropout, config.tau))),
      feed_forward(register_module(
          "feed_forward", FeedForward(config.width, config.feed_forward, config.activation, config.activation_dropout))),
      feed_forward_residual(
          register_module("feed_forward_residual", Residual(config.width, config.norm, config.dropout, config.tau))) {}

at::Tensor DecoderLayerImpl::forward(at::Tensor x, const at::Tensor& memory, const at::Tensor& visible, const Rows& rows) {
  x = self_attention_residual->forward(x, rows, [&](const at::Tensor& y) { return self_attention->causal(y, rows); });
  x = cross_attention_residual->forward(x, rows, [&](const at::Tensor& y) { return cross_attention(y, memory, visible, rows); });
  return feed_forward_residual->forward(x, rows, [&](const at::Tensor& y) { return feed_forward(y, rows); });
}

DecoderImpl::DecoderImpl(const StackConfig& config) : layers(register_module("layers", torch::nn::ModuleList())) {
  for (int64_t l = 0; l < config.layers; ++l) layers->push_back(DecoderLayer(config));
  if (config.norm == NormOrder::pre)
    final_norm = register_module("final_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({config.width})));
}

at::Tensor DecoderImpl::forward(at::Tensor x, const at::Tensor& memory, const at::Tensor& visible, const Rows& rows) {
  for (const auto& layer : *layers) x = layer->as<DecoderLayerImpl>()->forward(x, memory, visible, rows);
  return final_norm ? final_norm(x) : x;
}

}  // namespace penalmt
