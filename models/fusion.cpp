#include "models/fusion.h"

#include <torch/torch.h>

#include "tensors/linear.h"

namespace penalmt {
namespace {

// The sentences that have an image, on the device of their regions: [P] int64, ascending.
at::Tensor those_of(const ImageStates& image) {
  return image.has_image.nonzero().squeeze(1).to(image.regions.device());
}

// Those of the sentences that have an image: [B, ..] → [P, ..].
at::Tensor those_with_image(const at::Tensor& x, const at::Tensor& those) {
  return !x.defined() || those.size(0) == x.size(0) ? x : x.index_select(0, those);
}

// x: [P, ..] → [B, ..], zeros where there is no image.
at::Tensor spread(const at::Tensor& x, const ImageStates& image) {
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes[0] = image.has_image.size(0);
  if (sizes[0] == x.size(0)) return x;
  return at::zeros(sizes, x.options()).index_copy(0, those_of(image), x);
}

}  // namespace

Memory AdditiveFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor those = those_of(image);
  const at::Tensor before = those_with_image(text.states, those);
  const Rows rows_of_those{those_with_image(rows.real, those), {}, rows.tau_scale};
  const at::Tensor sum = connection(before, z(before, image.regions), rows_of_those);
  if (those.size(0) == text.states.size(0)) return {sum, text.visible};
  return {text.states.index_copy(0, those, sum), text.visible};
}

GatedFusion::GatedFusion(int64_t width, int64_t feature_width, const PenalOptions& penal)
    : AdditiveFusion(penal, width),
      image_projection(register_module("image_projection", Linear(feature_width, width))),
      gate(register_module("gate", Linear(2 * width, width))) {}

void GatedFusion::start_silent() {
  torch::NoGradGuard no_grad;
  image_projection->weight.zero_();
}

at::Tensor GatedFusion::pooled(const at::Tensor& regions) {
  return image_projection(regions.mean(1)).unsqueeze(1);
}

// The image's half of W [text; image] is the same at every position: once a sentence.
at::Tensor GatedFusion::gate_values(const at::Tensor& text, const at::Tensor& image) {
  const auto halves = gate->weight.chunk(2, 1);  // each [C, C]
  return at::sigmoid(linear(text, halves[0].contiguous(), gate->bias) +
                     at::linear(image, halves[1]));
}

at::Tensor GatedFusion::z(const at::Tensor& text, const at::Tensor& regions) {
  const at::Tensor image = pooled(regions);
  return gate_values(text, image) * image;
}

FusionView GatedFusion::view(const at::Tensor& text, const at::Tensor& regions) {
  return {gate_values(text, pooled(regions)).mean(-1), {}};
}

SelectiveFusion::SelectiveFusion(int64_t width, int64_t feature_width, const PenalOptions& penal)
    : AdditiveFusion(penal, width),
      query_projection(register_module("query_projection", Linear(width, width))),
      region_projection(register_module("region_projection", Linear(feature_width, 2 * width, 2))),
      gate(register_module("gate", Linear(2 * width, width))) {}

void SelectiveFusion::start_silent() {
  torch::NoGradGuard no_grad;
  region_projection->weight.chunk(2)[1].zero_();
  gate->bias.fill_(-2);
}

at::Tensor SelectiveFusion::gate_values(const at::Tensor& text, const at::Tensor& seen) {
  return at::sigmoid(gate(at::cat({text, seen}, -1)));
}

at::Tensor SelectiveFusion::z(const at::Tensor& text, const at::Tensor& regions) {
  const at::Tensor query = query_projection(text).unsqueeze(1);  // [P, 1, M, C]
  const auto keys_values =
      region_projection(regions).unsqueeze(1).chunk(2, -1);  // two [P, 1, R, C]
  const at::Tensor seen = at::scaled_dot_product_attention(query, keys_values[0], keys_values[1])
                              .squeeze(1);  // [P, M, C]
  return gate_values(text, seen) * (seen - text);
}

FusionView SelectiveFusion::view(const at::Tensor& text, const at::Tensor& regions) {
  const auto keys_values = region_projection(regions).chunk(2, -1);  // two [P, R, C]
  const at::Tensor weights = attention_weights(query_projection(text), keys_values[0], {});
  return {gate_values(text, at::matmul(weights, keys_values[1])).mean(-1), weights};
}

ConcatenatedFusion::ConcatenatedFusion(int64_t width, int64_t feature_width)
    : image_projection(register_module("image_projection", Linear(feature_width, width))) {}

Memory ConcatenatedFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor regions = spread(image_projection(image.regions), image);  // [B, R, C]
  const at::Tensor seen = image.has_image.to(text.visible.device())
                              .unsqueeze(1)
                              .expand({regions.size(0), regions.size(1)});  // [B, R]
  return {at::cat({text.states, regions}, 1), at::cat({text.visible, seen}, 1)};
}

DoublyAttentiveFusion::DoublyAttentiveFusion(int64_t width, int64_t feature_width)
    : image_projection(register_module("image_projection", Linear(feature_width, width))) {}

Memory DoublyAttentiveFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  return {text.states, text.visible, spread(image_projection(image.regions), image),
          image.has_image.to(text.visible.device())};
}

std::shared_ptr<Fusion> make_fusion(const std::string& kind, int64_t width, int64_t feature_width,
                                    const PenalOptions& penal) {
  if (kind == "gated") return std::make_shared<GatedFusion>(width, feature_width, penal);
  if (kind == "selective") return std::make_shared<SelectiveFusion>(width, feature_width, penal);
  if (kind == "concatenated") return std::make_shared<ConcatenatedFusion>(width, feature_width);
  if (kind == "doubly_attentive")
    return std::make_shared<DoublyAttentiveFusion>(width, feature_width);
  TORCH_CHECK(false, "no fusion is called ", kind);
}

}  // namespace penalmt
