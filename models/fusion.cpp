#include "models/fusion.h"

#include <torch/torch.h>

namespace penalmt {
namespace {

// Nothing is added where the picture is missing.
at::Tensor where_present(const at::Tensor& z, const ImageStates& image) {
  return z.masked_fill(~image.present.view({-1, 1, 1}), 0);
}

}  // namespace

GatedFusion::GatedFusion(int64_t width, int64_t feature_width, double tau)
    : image_projection(register_module("image_projection", Linear(feature_width, width))),
      gate(register_module("gate", Linear(2 * width, width))),
      connection(register_module("connection", PenalConnection(0.0, tau))) {}

at::Tensor GatedFusion::pooled(const at::Tensor& text, const at::Tensor& regions) {
  return image_projection(regions.mean(1)).unsqueeze(1).expand_as(text);
}

at::Tensor GatedFusion::open(const at::Tensor& text, const at::Tensor& everywhere) {
  return at::sigmoid(gate(at::cat({text, everywhere}, -1)));
}

Memory GatedFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor everywhere = pooled(text.states, image.regions);
  const at::Tensor z = where_present(open(text.states, everywhere) * everywhere, image);
  return {connection(text.states, z, rows), text.visible};
}

FusionView GatedFusion::view(const Memory& text, const ImageStates& image) {
  return {open(text.states, pooled(text.states, image.regions)).mean(-1), {}};
}

SelectiveFusion::SelectiveFusion(int64_t width, int64_t feature_width, double tau)
    : query_projection(register_module("query_projection", Linear(width, width))),
      region_projection(register_module("region_projection", Linear(feature_width, 2 * width, 2))),
      gate(register_module("gate", Linear(2 * width, width))),
      connection(register_module("connection", PenalConnection(0.0, tau))) {}

at::Tensor SelectiveFusion::open(const at::Tensor& text, const at::Tensor& seen) {
  return at::sigmoid(gate(at::cat({text, seen}, -1)));
}

Memory SelectiveFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor query = query_projection(text.states).unsqueeze(1);                  // [B, 1, M, C]
  const auto keys_values = region_projection(image.regions).unsqueeze(1).chunk(2, -1);  // two [B, 1, R, C]
  const at::Tensor seen = at::scaled_dot_product_attention(query, keys_values[0], keys_values[1]).squeeze(1);  // [B, M, C]
  const at::Tensor z = where_present(open(text.states, seen) * (seen - text.states), image);
  return {connection(text.states, z, rows), text.visible};
}

FusionView SelectiveFusion::view(const Memory& text, const ImageStates& image) {
  const auto keys_values = region_projection(image.regions).chunk(2, -1);  // two [B, R, C]
  const at::Tensor weights = attention_weights(query_projection(text.states), keys_values[0], {});
  return {open(text.states, at::matmul(weights, keys_values[1])).mean(-1), weights};
}

ConcatenatedFusion::ConcatenatedFusion(int64_t width, int64_t feature_width)
    : image_projection(register_module("image_projection", Linear(feature_width, width))) {}

Memory ConcatenatedFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor seen = image.present.unsqueeze(1).expand({-1, image.regions.size(1)});  // [B, R]
  return {at::cat({text.states, image_projection(image.regions)}, 1), at::cat({text.visible, seen}, 1)};
}

DoublyAttentiveFusion::DoublyAttentiveFusion(int64_t width, int64_t feature_width)
    : image_projection(register_module("image_projection", Linear(feature_width, width))) {}

Memory DoublyAttentiveFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  return {text.states, text.visible, {image_projection(image.regions), image.present}};
}

std::shared_ptr<Fusion> make_fusion(const std::string& kind, int64_t width, int64_t feature_width, double tau) {
  if (kind == "gated") return std::make_shared<GatedFusion>(width, feature_width, tau);
  if (kind == "selective") return std::make_shared<SelectiveFusion>(width, feature_width, tau);
  if (kind == "concatenated") return std::make_shared<ConcatenatedFusion>(width, feature_width);
  if (kind == "doubly_attentive") return std::make_shared<DoublyAttentiveFusion>(width, feature_width);
  TORCH_CHECK(false, "no fusion is called ", kind);
}

}  // namespace penalmt
