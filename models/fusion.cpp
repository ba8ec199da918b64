#include "models/fusion.h"

#include <torch/torch.h>

#include "tensors/linear.h"

namespace penalmt {
namespace {

// Those of the sentences that have an image: [B, ..] → [P, ..].
at::Tensor those_with_image(const at::Tensor& x, const at::Tensor& which) {
  return !x.defined() || which.size(0) == x.size(0) ? x : x.index_select(0, which);
}

// x: [P, ..] → [B, ..], zeros where there is no image.
at::Tensor spread(const at::Tensor& x, const at::Tensor& which, int64_t sentences) {
  if (which.size(0) == sentences) return x;
  std::vector<int64_t> sizes = x.sizes().vec();
  sizes[0] = sentences;
  return at::zeros(sizes, x.options()).index_copy(0, which, x);
}

at::Tensor with_image(const at::Tensor& which, const at::Tensor& visible) {
  return at::zeros({visible.size(0)}, visible.options()).index_fill_(0, which, 1);
}

}  // namespace

Memory AdditiveFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const at::Tensor before = those_with_image(text.states, image.which);
  const Rows of_those_with_image{those_with_image(rows.real, image.which), {}, rows.tau_scale};
  const at::Tensor sum = connection(before, z(before, image.regions), of_those_with_image);
  if (image.which.size(0) == text.states.size(0)) return {sum, text.visible};
  return {text.states.index_copy(0, image.which, sum), text.visible};
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
at::Tensor GatedFusion::open(const at::Tensor& text, const at::Tensor& image) {
  const auto halves = gate->weight.chunk(2, 1);  // each [C, C]
  return at::sigmoid(linear(text, halves[0].contiguous(), gate->bias) +
                     at::linear(image, halves[1]));
}

at::Tensor GatedFusion::z(const at::Tensor& text, const at::Tensor& regions) {
  const at::Tensor image = pooled(regions);
  return open(text, image) * image;
}

FusionView GatedFusion::view(const at::Tensor& text, const at::Tensor& regions) {
  return {open(text, pooled(regions)).mean(-1), {}};
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

at::Tensor SelectiveFusion::open(const at::Tensor& text, const at::Tensor& seen) {
  return at::sigmoid(gate(at::cat({text, seen}, -1)));
}

at::Tensor SelectiveFusion::z(const at::Tensor& text, const at::Tensor& regions) {
  const at::Tensor query = query_projection(text).unsqueeze(1);  // [P, 1, M, C]
  const auto keys_values =
      region_projection(regions).unsqueeze(1).chunk(2, -1);  // two [P, 1, R, C]
  const at::Tensor seen = at::scaled_dot_product_attention(query, keys_values[0], keys_values[1])
                              .squeeze(1);  // [P, M, C]
  return open(text, seen) * (seen - text);
}

FusionView SelectiveFusion::view(const at::Tensor& text, const at::Tensor& regions) {
  const auto keys_values = region_projection(regions).chunk(2, -1);  // two [P, R, C]
  const at::Tensor weights = attention_weights(query_projection(text), keys_values[0], {});
  return {open(text, at::matmul(weights, keys_values[1])).mean(-1), weights};
}

ConcatenatedFusion::ConcatenatedFusion(int64_t width, int64_t feature_width)
    : image_projection(register_module("image_projection", Linear(feature_width, width))) {}

Memory ConcatenatedFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  const int64_t sentences = text.states.size(0);
  const at::Tensor regions =
      spread(image_projection(image.regions), image.which, sentences);  // [B, R, C]
  const at::Tensor seen = with_image(image.which, text.visible)
                              .unsqueeze(1)
                              .expand({sentences, regions.size(1)});  // [B, R]
  return {at::cat({text.states, regions}, 1), at::cat({text.visible, seen}, 1)};
}

DoublyAttentiveFusion::DoublyAttentiveFusion(int64_t width, int64_t feature_width)
    : image_projection(register_module("image_projection", Linear(feature_width, width))) {}

Memory DoublyAttentiveFusion::fuse(const Memory& text, const ImageStates& image, const Rows& rows) {
  return {text.states, text.visible,
          spread(image_projection(image.regions), image.which, text.states.size(0)),
          with_image(image.which, text.visible)};
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
