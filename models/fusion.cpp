#include "models/fusion.h"

#include <torch/torch.h>

namespace penalmt {

GatedFusion::GatedFusion(int64_t width, int64_t feature_width, double tau)
    : image_projection(register_module("image_projection", Linear(feature_width, width))),
      gate(register_module("gate", Linear(2 * width, width))),
      connection(register_module("connection", PenalConnection(0.0, tau))) {}

Memory GatedFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor pooled = image_projection(image.regions.mean(1));                // [B, C]
  const at::Tensor everywhere = pooled.unsqueeze(1).expand_as(text.states);         // [B, M, C]
  const at::Tensor open = at::sigmoid(gate(at::cat({text.states, everywhere}, -1)));  // [B, M, C]
  const at::Tensor z = (open * everywhere).masked_fill(~image.present.view({-1, 1, 1}), 0);
  return {connection(text.states, z, rows), text.visible};
}

std::shared_ptr<Fusion> make_fusion(const std::string& kind, int64_t width, int64_t feature_width, double tau) {
  if (kind == "gated") return std::make_shared<GatedFusion>(width, feature_width, tau);
  TORCH_CHECK(false, "no fusion is called ", kind);
}

}  // namespace penalmt
