// Every fusion: logits, loss, every gradient and what view_images shows, against the same network
// in PyTorch (tests/golden/fusions.py).
#include <gtest/gtest.h>

#include "models/translation_model.h"
#include "peer_names.h"
#include "tensors/safetensors.h"

namespace penalmt::fusion_golden_test {

at::Tensor fetch(const std::string& name) {
  static const NamedTensors golden =
      load_safetensors(PENALMT_SOURCE "/tests/golden/fusions.safetensors");
  const at::Tensor* tensor = find(golden, name);
  if (!tensor) throw std::runtime_error("golden file has no " + name);
  return *tensor;
}

void expect_near(const at::Tensor& got, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(got.sizes(), expected.sizes()) << what;
  EXPECT_LE((got - expected).abs().max().item<double>(),
            1e-10 * std::max(1.0, expected.abs().max().item<double>()))
      << what;
}

// A tensor of the golden file for one of ours: what the peer of peer_names.h has not carries our
// own name.
at::Tensor golden_of(const std::string& group, const std::string& ours) {
  if (ours.starts_with("fusion.") || ours.find(".image_attention") != std::string::npos)
    return fetch(group + ours);
  return from_peer(ours, [&](const std::string& peer) { return fetch(group + peer); });
}

TranslationModel golden_model(const std::string& fusion) {
  ModelOptions options;
  options.width = 16, options.feed_forward = 24, options.heads = 4,
  options.encoder_layers = options.decoder_layers = 2;
  options.dropout = 0;
  options.tau = {1e-2, 1e-2, 1e-2, 1e-2};
  options.fusion = fusion;
  options.image_encoder.kind = "features";
  options.features = {.regions = 3, .width = 6};
  TranslationModel model(options, 23, 23);
  model->to(torch::kDouble);
  torch::NoGradGuard no_grad;
  for (const auto& item : model->named_parameters())
    at::Tensor(item.value()).copy_(golden_of(fusion + "/weights/", item.key()));
  return model;
}

class FusionGolden : public testing::TestWithParam<std::string> {
 protected:
  const at::Tensor source = fetch("source"), target = fetch("target");
  const at::Tensor input = target.narrow(1, 0, target.size(1) - 1),
                   output = target.narrow(1, 1, target.size(1) - 1);
  const Images images{fetch("features"), fetch("present")};
};

TEST_P(FusionGolden, EqualsPyTorch) {
  TranslationModel model = golden_model(GetParam());
  expect_near(model->logits(model->decode(input, model->encode(source, images))),
              fetch(GetParam() + "/logits"), "logits");
  const TokenLoss loss = model->loss({source, images, input, output}, 0.1);
  expect_near(loss.total, fetch(GetParam() + "/loss"), "loss");
  loss.total.backward();
  for (const auto& item : model->named_parameters())
    expect_near(item.value().grad(), golden_of(GetParam() + "/gradients/", item.key()),
                "gradient of " + item.key());
}

TEST_P(FusionGolden, ShowsWherePyTorchLooks) {
  TranslationModel model = golden_model(GetParam());
  model->eval();
  torch::NoGradGuard no_grad;
  const at::Tensor with_image = torch::tensor({0, 2});
  const ImageView view = model->view_images(source.index_select(0, with_image), images.values,
                                            input.index_select(0, with_image));
  EXPECT_EQ(view.of_target, GetParam() == "concatenated" || GetParam() == "doubly_attentive");
  expect_near(view.gate, fetch(GetParam() + "/gate"), "gate");
  EXPECT_EQ(view.attention.defined(), GetParam() != "gated");
  if (view.attention.defined())
    expect_near(view.attention, fetch(GetParam() + "/attention"), "attention");
}

INSTANTIATE_TEST_SUITE_P(All, FusionGolden,
                         testing::Values("gated", "concatenated", "selective", "doubly_attentive"),
                         [](const auto& info) { return info.param; });

}  // namespace penalmt::fusion_golden_test
