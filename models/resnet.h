// A residual network for small images (He et al., 2016, section 4.2): a 3 x 3 stem, stages of basic
// blocks, each stage of half the side and twice the width of the one before; every residual a penal
// connection.
//
// The blocks are pre-activated (He et al., 2016b): normalisation and ReLU stand in the branch, so
// that x_l = P x_{l-1}
// + z_l is the true chain, P the identity but where a stage begins. After-activated blocks, relu(x
// + z), put a step into the chain that no z accounts for, and would keep the sum beside its ReLU
// for the backward pass; here the next normalisation keeps it anyway. Only P x of a projected
// shortcut is kept for the penalty alone: one map a stage.
#pragma once

#include <torch/nn/modules/container/modulelist.h>

#include "models/image_encoder.h"
#include "models/penal_connection.h"

namespace penalmt {

// A square convolution without bias that keeps the side, or with stride 2 halves it.
class ConvolutionImpl : public torch::nn::Module {
 public:
  // kernel: odd. The weight is drawn as He et al., 2015, have it for ReLU.
  ConvolutionImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride);
  at::Tensor forward(const at::Tensor& x);  // [B, in, h, w] → [B, out, h / stride, w / stride]

  at::Tensor weight;  // [out, in, kernel, kernel]

 private:
  int64_t stride_;
};
TORCH_MODULE(Convolution);

// Normalisation of a channel over images and places (Ioffe and Szegedy, 2015): by the batch in
// training, by what was seen in training in evaluation.
class BatchNormImpl : public torch::nn::Module {
 public:
  explicit BatchNormImpl(int64_t width);
  at::Tensor forward(const at::Tensor& x);  // [B, width, h, w] → [B, width, h, w]

  at::Tensor weight, bias;               // [width]
  at::Tensor running_mean, running_var;  // [width], buffers: each batch moves them by a tenth
};
TORCH_MODULE(BatchNorm);

class ResidualBlockImpl : public torch::nn::Module {
 public:
  ResidualBlockImpl(int64_t in, int64_t out, int64_t stride, const PenalOptions& penal);
  // P x + z. x: [B, in, h, w] → [B, out, h / stride, w / stride]. The penalty is tau / 2 * ||z||^2
  // an image, summed over places.
  at::Tensor forward(const at::Tensor& x, double tau_scale);
  at::Tensor branch(const at::Tensor& x);    // z, of the shapes above
  at::Tensor shortcut(const at::Tensor& x);  // P x, of the shapes above

  BatchNorm first_norm;
  Convolution first_convolution;
  BatchNorm second_norm;
  Convolution second_convolution;
  Convolution projection{nullptr};  // null where P is the identity
  PenalConnection connection;
};
TORCH_MODULE(ResidualBlock);

struct ResNetConfig {
  int64_t size = 32;               // pixels, a multiple of 2^(stages - 1)
  int64_t width = 64;              // of the last stage, a multiple of 2^(stages - 1)
  int64_t stages = 3, blocks = 1;  // blocks: of a stage
  PenalOptions penal = {};
};

class ResNetImpl : public ImageEncoder {
 public:
  explicit ResNetImpl(const ResNetConfig& config);
  // [B, 3, size, size] uint8 → [B, R, F]. A region is a place of the last feature map: R = (size /
  // 2^(stages - 1))^2, row by row.
  at::Tensor forward(const at::Tensor& pixels, const Rows& rows) override;
  int64_t regions() const override { return regions_; }
  int64_t width() const override { return width_; }

  Convolution stem;
  torch::nn::ModuleList blocks;  // of ResidualBlock
  BatchNorm norm;

 private:
  int64_t regions_, width_;
};
TORCH_MODULE(ResNet);

}  // namespace penalmt
