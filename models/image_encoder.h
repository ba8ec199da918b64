// A small vision transformer (Dosovitskiy et al., 2021): patches → regions, penal connections inside.
#pragma once

#include "models/encoder.h"

namespace penalmt {

struct ImageEncoderConfig {
  int64_t size = 64, patch = 8;  // pixels
  StackConfig stack;
};

class ImageEncoderImpl : public torch::nn::Module {
 public:
  explicit ImageEncoderImpl(const ImageEncoderConfig& config);
  // pixels: [B, 3, size, size] uint8 → [B, R, F] with R = (size / patch)^2. `ids` [B] name the examples for dropout.
  at::Tensor forward(const at::Tensor& pixels, const Rows& rows);
  int64_t regions() const { return regions_; }
  int64_t width() const { return width_; }

  Linear patch_projection;  // 3 * patch * patch → F
  at::Tensor positions;     // [R, F]
  CounterDropout dropout;
  Encoder encoder;

 private:
  int64_t patch_, regions_, width_;
};
TORCH_MODULE(ImageEncoder);

}  // namespace penalmt
