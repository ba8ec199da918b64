#include "models/encoder.h"

#include <torch/torch.h>

namespace penalmt {

EncoderLayerImpl::EncoderLayerImpl(const StackConfig& config, int64_t layer)
    : self_attention(register_module(
          "self_attention", SelfAttention(config.width, config.heads, config.attention_dropout))),
      self_attention_residual(
          register_module("self_attention_residual",
                          Residual(config.width, config.norm, config.dropout,
                                   config.penal.at_depth(2 * layer, 2 * config.layers)))),
      feed_forward(register_module("feed_forward",
                                   FeedForward(config.width, config.feed_forward, config.activation,
                                               config.activation_dropout))),
      feed_forward_residual(
          register_module("feed_forward_residual",
                          Residual(config.width, config.norm, config.dropout,
                                   config.penal.at_depth(2 * layer + 1, 2 * config.layers)))) {}

at::Tensor EncoderLayerImpl::forward(at::Tensor x, const at::Tensor& visible, const Rows& rows) {
  x = self_attention_residual->forward(
      x, rows, [&](const at::Tensor& y) { return self_attention(y, visible, rows); });
  return feed_forward_residual->forward(x, rows,
                                        [&](const at::Tensor& y) { return feed_forward(y, rows); });
}

EncoderImpl::EncoderImpl(const StackConfig& config)
    : layer_drop(register_module("layer_drop", CounterDropout(config.layer_drop))),
      layers(register_module("layers", torch::nn::ModuleList())) {
  for (int64_t l = 0; l < config.layers; ++l) layers->push_back(EncoderLayer(config, l));
  if (config.norm == NormOrder::kPre && config.final_norm)
    final_norm = register_module("final_norm",
                                 torch::nn::LayerNorm(torch::nn::LayerNormOptions({config.width})));
}

at::Tensor EncoderImpl::forward(at::Tensor x, const at::Tensor& visible, const Rows& rows) {
  for (size_t l = 0; l < layers->size(); ++l)
    if (!layer_drop->drops(static_cast<int64_t>(l), rows))
      x = layers[l]->as<EncoderLayerImpl>()->forward(x, visible, rows);
  return final_norm ? final_norm(x) : x;
}

}  // namespace penalmt
