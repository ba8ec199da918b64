#include "models/image_encoder.h"

#include <torch/torch.h>

#include "models/resnet.h"
#include "models/vision_transformer.h"

namespace penalmt {
namespace {

std::shared_ptr<ImageEncoder> make_vision_transformer(const ImageEncoderOptions& options,
                                                      const PenalOptions& penal) {
  return std::make_shared<VisionTransformerImpl>(VisionTransformerConfig{
      .size = options.size,
      .patch = options.patch,
      .stem = options.stem == "convolutions" ? Stem::convolutions : Stem::patches,
      .stack = {.layers = options.layers,
                .width = options.width,
                .feed_forward = options.feed_forward,
                .heads = options.heads,
                .norm = NormOrder::kPre,
                .final_norm = false,
                .activation = Activation::kGelu,
                .dropout = options.dropout,
                .penal = penal}});
}

}  // namespace

std::shared_ptr<ImageEncoder> make_image_encoder(const ImageEncoderOptions& options,
                                                 PenalOptions penal) {
  if (penal.penalty == Penalty::relative) penal.penalty = Penalty::absolute;
  penal.scale = branch_scale_named(options.branch_scale);
  penal.scale_start = options.branch_scale_start;
  if (options.kind == "vit") return make_vision_transformer(options, penal);
  return std::make_shared<ResNetImpl>(ResNetConfig{.size = options.size,
                                                   .width = options.width,
                                                   .stages = options.stages,
                                                   .blocks = options.blocks,
                                                   .penal = penal});
}

at::Tensor ImageEncoder::regions_of(const at::Tensor& pixels, const ForwardPass& pass) {
  return forward(pixels, rows_of({}, regions(), pass, pixels.device()));
}

at::Tensor centred(const at::Tensor& pixels, const at::Tensor& like) {
  return pixels.to(like.options()).sub_(127.5).div_(64);
}

}  // namespace penalmt
