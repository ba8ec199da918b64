// A small vision transformer (Dosovitskiy et al., 2021): patches → regions, penal connections
// inside. The sum of its residuals is not normalised at the end, so that a region's size can say
// how much is there.
#pragma once

#include <torch/nn/modules/conv.h>

#include "models/encoder.h"
#include "models/image_encoder.h"

namespace penalmt {

// How pixels become region vectors.
enum class Stem { patches, convolutions };

// One linear map of each patch. Pixels: [B, 3, side, side] float → [B, R, F].
class PatchStemImpl : public torch::nn::Module {
 public:
  PatchStemImpl(int64_t patch, int64_t width);
  // [B, 3, side, side] → [B, R, F].
  at::Tensor forward(const at::Tensor& pixels);

  Linear projection;  // 3 * patch * patch → F

 private:
  int64_t patch_;
};
TORCH_MODULE(PatchStem);

// 3 x 3 convolutions of stride 2 until a patch is one position, then a linear map: it learns shapes
// from far fewer images than patches do, since it need not learn them anew at every place (Xiao et
// al., 2021). No residuals.
class ConvolutionStemImpl : public torch::nn::Module {
 public:
  // patch: a power of 2 that divides width.
  ConvolutionStemImpl(int64_t patch, int64_t width);
  // [B, 3, side, side] float → [B, R, F].
  at::Tensor forward(const at::Tensor& pixels);

  torch::nn::ModuleList convolutions;  // of Conv2d; widths F / (patch / 2), ..., F / 2, F
  Linear projection;                   // F → F
};
TORCH_MODULE(ConvolutionStem);

struct VisionTransformerConfig {
  int64_t size = 64, patch = 8;  // pixels
  Stem stem = Stem::patches;
  StackConfig stack;
};

class VisionTransformerImpl : public ImageEncoder {
 public:
  explicit VisionTransformerImpl(const VisionTransformerConfig& config);
  // [B, 3, size, size] uint8 → [B, R, F], R = (size / patch)^2.
  at::Tensor forward(const at::Tensor& pixels, const Rows& rows) override;
  int64_t regions() const override { return regions_; }
  int64_t width() const override { return width_; }

  PatchStem patches{nullptr};  // one of the two is null
  ConvolutionStem convolutions{nullptr};
  at::Tensor positions;  // [R, F]
  CounterDropout dropout;
  Encoder encoder;

 private:
  int64_t regions_, width_;
};
TORCH_MODULE(VisionTransformer);

}  // namespace penalmt
