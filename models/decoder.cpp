#include "models/decoder.h"

#include <torch/torch.h>

namespace penalmt {

ImageAttentionImpl::ImageAttentionImpl(int64_t width, int64_t heads, double dropout)
    : attention(register_module("attention", CrossAttention(width, heads, dropout))),
      gate(register_module("gate", Linear(width, 1))) {}

at::Tensor ImageAttentionImpl::forward(const at::Tensor& x, const at::Tensor& regions,
                                       const Rows& rows) {
  return open(x) * attention(x, regions, at::Tensor(), rows);
}

void ImageAttentionImpl::start_silent() {
  torch::NoGradGuard no_grad;
  attention->out_projection->weight.zero_();
}

namespace {

// One of the residuals of a decoder layer, from `sublayer` 0 on.
Residual residual_of(const StackConfig& config, bool doubly_attentive, int64_t layer,
                     int64_t sublayer) {
  const int64_t sublayers = doubly_attentive ? 4 : 3;
  return Residual(config.width, config.norm, config.dropout,
                  config.penal.at_depth(sublayers * layer + sublayer, sublayers * config.layers));
}

}  // namespace

DecoderLayerImpl::DecoderLayerImpl(const StackConfig& config, bool doubly_attentive, int64_t layer)
    : self_attention(register_module(
          "self_attention", SelfAttention(config.width, config.heads, config.attention_dropout))),
      self_attention_residual(register_module("self_attention_residual",
                                              residual_of(config, doubly_attentive, layer, 0))),
      cross_attention(register_module(
          "cross_attention", CrossAttention(config.width, config.heads, config.attention_dropout))),
      cross_attention_residual(register_module("cross_attention_residual",
                                               residual_of(config, doubly_attentive, layer, 1))),
      feed_forward(register_module("feed_forward",
                                   FeedForward(config.width, config.feed_forward, config.activation,
                                               config.activation_dropout))),
      feed_forward_residual(
          register_module("feed_forward_residual",
                          residual_of(config, doubly_attentive, layer, doubly_attentive ? 3 : 2))) {
  if (!doubly_attentive) return;
  image_attention = register_module(
      "image_attention", ImageAttention(config.width, config.heads, config.attention_dropout));
  image_attention_residual =
      register_module("image_attention_residual", residual_of(config, doubly_attentive, layer, 2));
}

at::Tensor DecoderLayerImpl::forward(at::Tensor x, const Memory& memory, const at::Tensor& visible,
                                     const Rows& rows, DecoderView* view) {
  x = self_attention_residual->forward(
      x, rows, [&](const at::Tensor& y) { return self_attention->causal(y, rows); });
  x = cross_attention_residual->forward(x, rows, [&](const at::Tensor& y) {
    if (view) view->memory.push_back(cross_attention->weights(y, memory.states, visible));
    if (memory.starts.defined())
      return cross_attention->packed(y, memory.states, memory.starts, rows);
    return cross_attention(y, memory.states, visible, rows);
  });
  if (image_attention && memory.regions.defined()) x = attend_to_image(x, memory, rows, view);
  return feed_forward_residual->forward(x, rows,
                                        [&](const at::Tensor& y) { return feed_forward(y, rows); });
}

// Sentences without an image pass by, and their z, which is not added, is not penalised.
at::Tensor DecoderLayerImpl::attend_to_image(const at::Tensor& x, const Memory& memory,
                                             const Rows& rows, DecoderView* view) {
  const Rows with_image{rows.real.logical_and(memory.has_image.unsqueeze(1)), rows.counters,
                        rows.tau_scale};
  const at::Tensor seen =
      image_attention_residual->forward(x, with_image, [&](const at::Tensor& y) {
        if (view) {
          view->regions.push_back(image_attention->attention->weights(y, memory.regions, {}));
          view->gate.push_back(image_attention->open(y).squeeze(-1));
        }
        return image_attention(y, memory.regions, with_image);
      });
  return at::where(memory.has_image.view({-1, 1, 1}), seen, x);
}

DecoderImpl::DecoderImpl(const StackConfig& config, bool doubly_attentive)
    : layer_drop(register_module("layer_drop", CounterDropout(config.layer_drop))),
      layers(register_module("layers", torch::nn::ModuleList())) {
  for (int64_t l = 0; l < config.layers; ++l)
    layers->push_back(DecoderLayer(config, doubly_attentive, l));
  if (config.norm == NormOrder::kPre)
    final_norm = register_module("final_norm",
                                 torch::nn::LayerNorm(torch::nn::LayerNormOptions({config.width})));
}

at::Tensor DecoderImpl::forward(at::Tensor x, const Memory& memory, const at::Tensor& visible,
                                const Rows& rows, DecoderView* view) {
  for (size_t l = 0; l < layers->size(); ++l)
    if (!layer_drop->drops(static_cast<int64_t>(l), rows))
      x = layers[l]->as<DecoderLayerImpl>()->forward(x, memory, visible, rows, view);
  return final_norm ? final_norm(x) : x;
}

}  // namespace penalmt
