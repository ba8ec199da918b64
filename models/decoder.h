// The decoder: self-attention over the target so far, cross-attention over the memory, feed-forward.
#pragma once

#include "models/encoder.h"

namespace penalmt {

class DecoderLayerImpl : public torch::nn::Module {
 public:
  explicit DecoderLayerImpl(const StackConfig& config);
  // x: [B, T, C]; memory: [B, M, C]; visible: [B, 1, 1, M], true where the memory is real.
  at::Tensor forward(at::Tensor x, const at::Tensor& memory, const at::Tensor& visible, const Rows& rows);

  SelfAttention self_attention;
  Residual self_attention_residual;
  CrossAttention cross_attention;
  Residual cross_attention_residual;
  FeedForward feed_forward;
  Residual feed_forward_residual;
};
TORCH_MODULE(DecoderLayer);

class DecoderImpl : public torch::nn::Module {
 public:
  explicit DecoderImpl(const StackConfig& config);
  at::Tensor forward(at::Tensor x, const at::Tensor& memory, const at::Tensor& visible, const Rows& rows);

  torch::nn::ModuleList layers;              // of DecoderLayer
  torch::nn::LayerNorm final_norm{nullptr};  // pre-norm stacks end with one; null in post-norm stacks
};
TORCH_MODULE(Decoder);

}  // namespace penalmt
