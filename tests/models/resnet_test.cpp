// The residual network against PyTorch, the explicit loss, and the laws of penal connections; its
// statistics on the disk.
#include "models/resnet.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "graph_additions.h"
#include "models/model_folder.h"
#include "tensors/precision.h"
#include "tensors/safetensors.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::resnet_test {

const NamedTensors& golden() {
  static const NamedTensors tensors =
      load_safetensors(PENALMT_SOURCE "/tests/golden/resnet.safetensors");
  return tensors;
}
const at::Tensor& fetch(const std::string& name) {
  const at::Tensor* tensor = find(golden(), name);
  if (!tensor) throw std::runtime_error("golden file has no " + name);
  return *tensor;
}

// The golden file's network.
ResNet network(const PenalOptions& penal) {
  ResNet network(ResNetConfig{.size = 8, .width = 8, .stages = 2, .blocks = 2, .penal = penal});
  network->to(torch::kDouble);
  torch::NoGradGuard no_grad;
  for (const auto& item : network->named_parameters())
    if (!item.key().ends_with(".scale"))
      at::Tensor(item.value()).copy_(fetch("weights/" + item.key()));
  return network;
}
Rows rows(double tau_scale = 1) { return {{}, {}, tau_scale}; }
at::Tensor weighted_sum(const at::Tensor& regions) {
  return (regions * torch::cos(torch::arange(regions.numel(), torch::kDouble)).view_as(regions))
      .sum();
}

void expect_near(const at::Tensor& got, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(got.sizes(), expected.sizes()) << what;
  EXPECT_LE((got - expected).abs().max().item<double>(),
            1e-10 * std::max(1.0, expected.abs().max().item<double>()))
      << what;
}

TEST(ResNet, EqualsPyTorchWithThePublishedHook) {
  ResNet resnet = network({.tau = 0.05});
  EXPECT_EQ(resnet->regions(), 16);
  EXPECT_EQ(resnet->width(), 8);
  const at::Tensor regions = resnet->forward(fetch("pixels"), rows());
  expect_near(regions, fetch("regions"), "regions");
  weighted_sum(regions).backward();
  for (const auto& item : resnet->named_parameters())
    expect_near(item.value().grad(), fetch("gradients/" + item.key()), item.key());
  for (const auto& item : resnet->named_buffers())
    expect_near(item.value(), fetch("running/" + item.key()), item.key());
  resnet->eval();
  expect_near(resnet->forward(fetch("pixels"), rows()), fetch("evaluated"), "evaluated");
}

void expect_the_gradient_of_the_explicit_loss(const PenalOptions& options) {
  const double scale = 2.5;
  PenalOptions without = options;
  without.tau = 0;
  ResNet penal = network(options), plain = network(without);
  weighted_sum(penal->forward(fetch("pixels"), rows(scale))).backward();
  // The same forward pass written out, so that every z is at hand.
  at::Tensor x = plain->stem(centred(fetch("pixels"), plain->stem->weight)),
             penalty = torch::zeros({}, torch::kDouble);
  int64_t l = 0;
  for (const auto& module : *plain->blocks) {
    auto& block = *module->as<ResidualBlockImpl>();
    at::Tensor z = block.branch(x);
    if (block.connection->scale.defined()) z = z * block.connection->scale.view({-1, 1, 1});
    x = block.shortcut(x) + z;
    const at::Tensor& penalised = options.penalty == Penalty::stream ? x : z;
    penalty = penalty + options.at_depth(l++, 4).tau / 2 * penalised.pow(2).sum();
  }
  (weighted_sum(torch::relu(plain->norm(x)).flatten(2).transpose(1, 2)) + scale * penalty)
      .backward();
  const auto expected = plain->named_parameters();
  for (const auto& item : penal->named_parameters())
    expect_near(item.value().grad(), expected[item.key()].grad(), item.key());
}

TEST(ResNet, HasTheGradientOfTheExplicitLoss) {
  expect_the_gradient_of_the_explicit_loss({.tau = 0.03});
}
TEST(ResNet, HasTheGradientOfTheExplicitLossOfEachVariant) {
  expect_the_gradient_of_the_explicit_loss({.tau = 0.03, .grade = 0.5});
  expect_the_gradient_of_the_explicit_loss({.tau = 0.003, .penalty = Penalty::stream});
  for (const BranchScale scale : {BranchScale::scalar, BranchScale::channel})
    expect_the_gradient_of_the_explicit_loss({.tau = 0.03, .scale = scale, .scale_start = 0.7});
}

TEST(ResNet, EveryResidualIsAPenalConnection) {
  for (const int64_t stages : {1, 2, 3})
    for (const int64_t blocks : {1, 2}) {
      ResNet resnet(ResNetConfig{
          .size = 16, .width = 16, .stages = stages, .blocks = blocks, .penal = {.tau = 0.1}});
      const at::Tensor pixels = torch::randint(256, {2, 3, 16, 16}, torch::kByte);
      Additions additions = count_additions(resnet->forward(pixels, rows()));
      EXPECT_EQ(additions.penal, stages * blocks);
      EXPECT_EQ(additions.plain, 0);
      resnet->eval();
      additions = count_additions(resnet->forward(pixels, rows()));
      EXPECT_EQ(additions.penal, 0);
      EXPECT_EQ(additions.plain, stages * blocks);
    }
}

TEST(ResNet, WithTauZeroIsPlainAdditionToTheBit) {
  ResNet resnet = network({});
  at::Tensor x = torch::cos(torch::arange(2 * 4 * 64, torch::kDouble)).view({2, 4, 8, 8});
  auto& block = *resnet->blocks[0]->as<ResidualBlockImpl>();
  const at::Tensor sum = block.forward(x, 1);
  EXPECT_TRUE(torch::equal(sum, x + block.branch(x)));
  EXPECT_EQ(count_additions(sum).penal, 0);
}

TEST(ResNet, ARegionIsAPlaceRowByRow) {
  ResNet resnet(ResNetConfig{.size = 8, .width = 8, .stages = 2, .blocks = 1, .penal = {}});
  resnet->eval();
  torch::NoGradGuard no_grad;
  at::Tensor pixels = torch::full({1, 3, 8, 8}, 100, torch::kByte);
  const at::Tensor before = resnet->forward(pixels, rows());
  pixels[0][1][7][0] = 200;  // the left lower corner
  const at::Tensor changed = (resnet->forward(pixels, rows()) - before).abs().sum(2)[0];  // [R]
  EXPECT_EQ(changed.size(0), 16);
  EXPECT_GT(changed[12].item<double>(), 0);
  EXPECT_EQ(changed[3].item<double>(), 0);
}

TEST(ResNet, InBfloat16IsNearFloat32) {
  ResNet resnet(
      ResNetConfig{.size = 16, .width = 16, .stages = 3, .blocks = 1, .penal = {.tau = 0.01}});
  const at::Tensor pixels =
      (torch::arange(4 * 3 * 256) * 7 % 251).to(torch::kByte).reshape({4, 3, 16, 16});
  const at::Tensor exact = resnet->forward(pixels, rows());
  const PrecisionScope scope(Precision::bfloat16);
  const at::Tensor rough = resnet->forward(pixels, rows());
  EXPECT_EQ(rough.scalar_type(), at::kFloat);
  EXPECT_FALSE(torch::equal(rough, exact));
  EXPECT_LT((rough - exact).norm().item<double>(), 0.03 * exact.norm().item<double>());
}

TEST(ResNet, KeepsItsStatisticsWithItsWeights) {
  const TemporaryFolder folder;
  ResNet written = network({}), read = network({});
  written->forward(fetch("pixels"), rows());  // moves the statistics
  save_safetensors(folder / "model.safetensors", {named_weights(*written), {}});
  load_weights(folder / "model.safetensors", *read);
  read->eval();
  expect_near(read->forward(fetch("pixels"), rows()), fetch("evaluated"), "evaluated");

  NamedTensors without{named_weights(*written), {}};
  std::erase_if(without.tensors,
                [](const auto& named) { return named.first == "norm.running_var"; });
  save_safetensors(folder / "model.safetensors", without);
  expect_error([&] { load_weights(folder / "model.safetensors", *read); },
               (folder / "model.safetensors").string() +
                   ": no tensor 'norm.running_var', which the model needs; is it another model's?");
}

}  // namespace penalmt::resnet_test
