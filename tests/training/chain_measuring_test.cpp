#include "training/chain_measuring.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/models/formula_model.h"

namespace penalmt::chain_measuring_test {

// `count` sentences of 2 to 13 pieces.
std::vector<Example> examples(int count) {
  std::vector<Example> all;
  for (int i = 0; i < count; ++i) {
    Example example{{}, {1}, -1, i};
    for (int j = 0; j < 1 + i % 12; ++j) {
      example.source.push_back(3 + (5 * i + 7 * j) % 20);
      example.target.push_back(3 + (3 * i + 11 * j) % 20);
    }
    example.source.push_back(2);
    example.target.push_back(2);
    all.push_back(std::move(example));
  }
  return all;
}

TEST(MeasureChains, EveryPositionOfEveryBatchCounts) {
  TranslationModel model = formula_model({.norm = "pre"});
  const std::vector<Example> all = examples(480);  // two batches
  const MeasuredChains whole = measure_chains(*model, all, nullptr);
  EXPECT_EQ(whole.counted, 480 * 2 + 40 * 66);  // 1 + ... + 12 pieces, 40 times, and the ends
  ASSERT_EQ(whole.chains.size(), 2u);
  for (const ChainStatistics& chain : whole.chains)
    for (const NodeStatistics& node : chain.nodes)
      EXPECT_EQ(node.step.count(), whole.counted) << chain.stack;
}

TEST(MeasureChains, DoNotDependOnTheBatches) {
  TranslationModel model = formula_model({.norm = "post"});
  const std::vector<Example> all = examples(6);
  const MeasuredChains whole = measure_chains(*model, all, nullptr);
  EXPECT_NEAR(whole.nll, mean_nll(*model, all, nullptr), 1e-6);
  double nll = 0, alignment = 0;
  int64_t positions = 0;
  for (const Example& example : all) {
    const MeasuredChains alone = measure_chains(*model, {example}, nullptr);
    const Moments& moments = alone.chains[1].nodes[2].alignment;
    nll += alone.nll * static_cast<double>(alone.counted);
    alignment += moments.mean() * static_cast<double>(moments.count());
    positions += moments.count();
  }
  EXPECT_NEAR(whole.nll, nll / static_cast<double>(whole.counted), 1e-5);
  const Moments& moments = whole.chains[1].nodes[2].alignment;
  EXPECT_EQ(moments.count(), positions);
  EXPECT_NEAR(moments.mean(), alignment / static_cast<double>(positions), 1e-5);
}

TEST(MeasureChains, AResidualIsRemovedForAWhile) {
  TranslationModel model = formula_model({.norm = "pre"});
  const std::vector<Example> all = examples(6);
  const double whole = mean_nll(*model, all, nullptr);
  {
    const RemovedResidual removed(*chains_of(*model)[1].nodes[0].connection);
    EXPECT_GT(std::abs(mean_nll(*model, all, nullptr) - whole), 1e-4);
  }
  EXPECT_EQ(mean_nll(*model, all, nullptr), whole);
}

TEST(MeasureChains, OfAClassifierCountImages) {
  ImageEncoderOptions options;
  options.size = 8, options.width = 8, options.patch = 4, options.feed_forward = 16,
  options.heads = 2;
  Classifier model(options, PenalOptions{}, 3);
  fill_by_formula(*model);
  LabelledImages images{
      .classes = {"a", "b", "c"},
      .names = std::vector<std::string>(130, "x"),
      .pixels = (torch::arange(130 * 3 * 64) * 7 % 251).to(torch::kByte).view({130, 3, 8, 8}),
      .labels = torch::arange(130) % 3};
  const MeasuredChains found = measure_chains(*model, images);  // two batches
  EXPECT_EQ(found.counted, 130);
  EXPECT_EQ(found.chains[0].nodes.size(), 4u);
  EXPECT_EQ(found.chains[0].nodes[0].step.count(), 130 * 4);
  EXPECT_FALSE(model->is_training());
}

}  // namespace penalmt::chain_measuring_test
