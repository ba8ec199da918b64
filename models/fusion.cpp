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

SelectiveFusion::SelectiveFusion(int64_t width, int64_t feature_width, double tau)
    : query_projection(register_module("query_projection", Linear(width, width))),
      region_projection(register_module("region_projection", Linear(feature_width, 2 * width, 2))),
      gate(register_module("gate", Linear(2 * width, width))),
      connection(register_module("connection", PenalConnection(0.0, tau))) {}

Memory SelectiveFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor query = query_projection(text.states).unsqueeze(1);                           // [B, 1, M, C]
  const auto keys_values = region_projection(image.regions).unsqueeze(1).chunk(2, -1);           // two [B, 1, R, C]
  const at::Tensor seen = at::scaled_dot_product_attention(query, keys_values[0], keys_values[1]).squeeze(1);  // [B, M, C]
  const at::Tensor open = at::sigmoid(gate(at::cat({text.states, seen}, -1)));                   // [B, M, C]
  const at::Tensor z = (open * (seen - text.states)).masked_fill(~image.present.view({-1, 1, 1}), 0);
  return {connection(text.states, z, rows), text.visible};
}

std::shared_ptr<Fusion> make_fusion(const std::string& kind, int64_t width, int64_t feature_width, double tau) {
  if (kind == "gated") return std::make_shared<GatedFusion>(width, feature_width, tau);
  if (kind == "selective") return std::make_shared<SelectiveFusion>(width, feature_width, tau);
  TORCH_CHECK(false, "no fusion is called ", kind);
}

}  // namespace penalmt
