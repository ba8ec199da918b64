// A stack of self-attention layers: the text encoder, and the image encoder's trunk.
#pragma once

#include <torch/nn/modules/container/modulelist.h>

#include "models/layers.h"

namespace penalmt {

// The numbers of a stack of layers.
struct StackConfig {
  int64_t layers = 0, width = 0, feed_forward = 0, heads = 0;
  NormOrder norm = NormOrder::kPost;
  bool final_norm = true;  // pre-norm only: the sum is normalised at the end
  Activation activation = Activation::kRelu;
  double dropout = 0, attention_dropout = 0, activation_dropout = 0;
  double layer_drop = 0;  // probability that an update goes without a layer (LayerDrop)
  PenalOptions penal = {};
};

class EncoderLayerImpl : public torch::nn::Module {
 public:
  // `layer`: from 0.
  EncoderLayerImpl(const StackConfig& config, int64_t layer);
  // x: [B, S, C]; visible: [B, 1, 1, S] bool, true where a token stands, undefined where all do; →
  // [B, S, C].
  at::Tensor forward(at::Tensor x, const at::Tensor& visible, const Rows& rows);

  SelfAttention self_attention;
  Residual self_attention_residual;
  FeedForward feed_forward;
  Residual feed_forward_residual;
};
TORCH_MODULE(EncoderLayer);

class EncoderImpl : public torch::nn::Module {
 public:
  explicit EncoderImpl(const StackConfig& config);
  // As EncoderLayer's: [B, S, C] → [B, S, C].
  at::Tensor forward(at::Tensor x, const at::Tensor& visible, const Rows& rows);

  CounterDropout layer_drop;     // of whole layers, their normalisations too (Fan et al., 2020)
  torch::nn::ModuleList layers;  // of EncoderLayer
  torch::nn::LayerNorm final_norm{
      nullptr};  // null in post-norm stacks and where the configuration wants none
};
TORCH_MODULE(Encoder);

}  // namespace penalmt
