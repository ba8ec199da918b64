#include "models/image_encoder.h"

#include <torch/torch.h>

#include "models/resnet.h"
#include "models/vision_transformer.h"

namespace penalmt {
namespace {

std::shared_ptr<ImageEncoder> make_vision_transformer(const ImageEncoderOptions& options,
                                                      double tau) {
  return std::make_shared<VisionTransformerImpl>(VisionTransformerConfig{
      .size = options.size,
      .patch = options.patch,
      .stem = options.stem == "convolutions" ? Stem::convolutions : Stem::patches,
      .stack = {.layers = options.layers,
                .width = options.width,
                .feed_forward = options.feed_forward,
                .heads = options.heads,
                .norm = NormOrder::pre,
                .final_norm = false,
                .activation = Activation::gelu,
                .dropout = options.dropout,
                .tau = tau}});
}

}  // namespace

std::shared_ptr<ImageEncoder> make_image_encoder(const ImageEncoderOptions& options, double tau) {
  if (options.kind == "vit") return make_vision_transformer(options, tau);
  return std::make_shared<ResNetImpl>(ResNetConfig{.size = options.size,
                                                   .width = options.width,
                                                   .stages = options.stages,
                                                   .blocks = options.blocks,
                                                   .tau = tau});
}

at::Tensor centred(const at::Tensor& pixels, const at::Tensor& like) {
  return pixels.to(like.options()).sub_(127.5).div_(64);
}

}  // namespace penalmt
