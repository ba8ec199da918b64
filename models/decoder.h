// The decoder: self-attention over the target so far, cross-attention over the memory and, where it
// is doubly attentive, over the image's regions, feed-forward.
#pragma once

#include "models/encoder.h"
#include "models/fusion.h"

namespace penalmt {

// Attention over the image's regions behind a gate (Calixto et al., ACL 2017): beta * attend(x,
// regions), beta = sigmoid(W x).
class ImageAttentionImpl : public torch::nn::Module {
 public:
  ImageAttentionImpl(int64_t width, int64_t heads, double dropout);
  // x: [B, T, C]; regions: [B, R, C] → [B, T, C]. open() takes the same x.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& regions, const Rows& rows);
  at::Tensor open(const at::Tensor& x) { return at::sigmoid(gate(x)); }  // beta: [B, T, 1]
  void start_silent();                                                   // as Fusion::start_silent

  CrossAttention attention;
  Linear gate;  // C → 1
};
TORCH_MODULE(ImageAttention);

// What the layers attended to, one entry a layer.
struct DecoderView {
  std::vector<at::Tensor> memory;   // [B, T, M] weights, mean over heads
  std::vector<at::Tensor> regions;  // [B, T, R] weights; none unless doubly attentive
  std::vector<at::Tensor> gate;     // [B, T] beta; none unless doubly attentive
};

class DecoderLayerImpl : public torch::nn::Module {
 public:
  // doubly_attentive: it attends to memory.regions, too, behind the cross-attention.
  // `layer`: from 0.
  DecoderLayerImpl(const StackConfig& config, bool doubly_attentive, int64_t layer);
  // x: [B, T, C]; visible: [B, 1, 1, M] bool, true where the memory is real, undefined where all of
  // it is → [B, T, C]. `view`, where given, is added to.
  at::Tensor forward(at::Tensor x, const Memory& memory, const at::Tensor& visible,
                     const Rows& rows, DecoderView* view = nullptr);

  SelfAttention self_attention;
  Residual self_attention_residual;
  CrossAttention cross_attention;
  Residual cross_attention_residual;
  ImageAttention image_attention{nullptr};  // null unless doubly attentive
  Residual image_attention_residual{nullptr};
  FeedForward feed_forward;
  Residual feed_forward_residual;

 private:
  // x: [B, T, C] → [B, T, C].
  at::Tensor attend_to_image(const at::Tensor& x, const Memory& memory, const Rows& rows,
                             DecoderView* view);
};
TORCH_MODULE(DecoderLayer);

class DecoderImpl : public torch::nn::Module {
 public:
  DecoderImpl(const StackConfig& config, bool doubly_attentive);
  // As DecoderLayer's: [B, T, C] → [B, T, C].
  at::Tensor forward(at::Tensor x, const Memory& memory, const at::Tensor& visible,
                     const Rows& rows, DecoderView* view = nullptr);

  CounterDropout layer_drop;     // as the encoder's
  torch::nn::ModuleList layers;  // of DecoderLayer
  torch::nn::LayerNorm final_norm{
      nullptr};  // pre-norm stacks end with one; null in post-norm stacks
};
TORCH_MODULE(Decoder);

}  // namespace penalmt
