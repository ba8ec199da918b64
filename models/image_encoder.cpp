#include "models/image_encoder.h"

#include <torch/torch.h>

#include <cmath>

namespace penalmt {

ImageEncoderImpl::ImageEncoderImpl(const ImageEncoderConfig& config)
    : patch_projection(register_module("patch_projection", Linear(3 * config.patch * config.patch, config.stack.width))),
      dropout(register_module("dropout", CounterDropout(config.stack.dropout))),
      encoder(register_module("encoder", Encoder(config.stack))),
      patch_(config.patch),
      regions_((config.size / config.patch) * (config.size / config.patch)),
      width_(config.stack.width) {
  positions = register_parameter("positions", at::empty({regions_, width_}).normal_(0, 0.02));
}

at::Tensor ImageEncoderImpl::forward(const at::Tensor& pixels, const Rows& rows) {
  const int64_t images = pixels.size(0), across = pixels.size(3) / patch_;
  const at::Tensor patches = pixels.view({images, 3, across, patch_, across, patch_})
                                 .permute({0, 2, 4, 1, 3, 5})
                                 .reshape({images, regions_, -1})
                                 .to(positions.options())
                                 .sub_(127.5)
                                 .div_(64);  // [B, R, 3 * patch * patch], about unit deviation
  const at::Tensor x = dropout(patch_projection(patches) + positions, rows);
  return encoder(x, at::Tensor(), rows);
}

}  // namespace penalmt
