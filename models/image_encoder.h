// What turns an image into regions, whatever is inside: a vision transformer (vision_transformer.h)
// or a residual network (resnet.h).
#pragma once

#include <torch/nn/module.h>

#include <memory>

#include "models/forward_pass.h"
#include "models/options.h"
#include "models/penal_connection.h"

namespace penalmt {

class ImageEncoder : public torch::nn::Module {
 public:
  // pixels: [B, 3, size, size] uint8; rows of [B, R], all real → [B, R, F].
  virtual at::Tensor forward(const at::Tensor& pixels, const Rows& rows) = 0;
  virtual int64_t regions() const = 0;  // R
  virtual int64_t width() const = 0;    // F
  // The regions of images, on the device of `pixels`: [B, 3, size, size] uint8 → [B, R, F]. `pass`
  // has the images' examples.
  at::Tensor regions_of(const at::Tensor& pixels, const ForwardPass& pass = {});
};

// `options` checked. `penal`: of its penal connections, but their scales, which `options` has; a
// relative penalty is of text alone: images have the absolute one.
std::shared_ptr<ImageEncoder> make_image_encoder(const ImageEncoderOptions& options,
                                                 PenalOptions penal);

// Pixels as numbers around 0 of about unit deviation, in the type and on the device of `like`, a
// tensor of any shape. pixels: [B, 3, size, size] uint8 → [B, 3, size, size].
at::Tensor centred(const at::Tensor& pixels, const at::Tensor& like);

}  // namespace penalmt
