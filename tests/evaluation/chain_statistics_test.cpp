#include "evaluation/chain_statistics.h"

#include <gtest/gtest.h>

namespace penalmt::chain_statistics_test {

Moments moments(const std::vector<double>& numbers) {
  Moments all;
  all.add(numbers);
  return all;
}

ModelChains two_residuals() {
  ModelChains model{"runs/text", {.nll = 2.5, .bleu = 30.0, .accuracy = {}}, 12, {}};
  ChainStatistics encoder{"encoder", {}, moments({0.5, 0.7}), moments({0.2, 0.2})};
  encoder.nodes.push_back({.layer = 1,
                           .sublayer = "self_attention",
                           .step = moments({1, 3}),
                           .state = moments({12.25, 12.75}),
                           .ratio = moments({0.25}),
                           .alignment = moments({-0.5, 0.5}),
                           .turning = moments({0.125}),
                           .removed = TaskScore{3.0, 28.75, {}}});
  encoder.nodes.push_back({.layer = 1,
                           .sublayer = "feed_forward",
                           .step = moments({0}),
                           .state = moments({2}),
                           .ratio = moments({0}),
                           .removed = TaskScore{2.25, 30.5, {}}});
  model.chains.push_back(encoder);
  return model;
}

TEST(Moments, AreThoseOfAllNumbers) {
  const Moments numbers = moments({1e9 + 1, 1e9 + 2, 1e9 + 6});
  EXPECT_EQ(numbers.count(), 3);
  EXPECT_DOUBLE_EQ(numbers.mean(), 1e9 + 3);
  EXPECT_NEAR(numbers.deviation(), 2.160246899469287, 1e-9);  // sqrt(14 / 3)
  EXPECT_EQ(moments({}).mean(), 0);
  EXPECT_EQ(moments({}).deviation(), 0);
}

TEST(ChainStatistics, JsonHasEveryMeasureOfEveryResidual) {
  EXPECT_EQ(
      chain_json(two_residuals()).dump(),
      R"({"model":"runs/text","nll":2.5,"bleu":30.0,"counted":12,"chains":[{"stack":"encoder",)"
      R"("straightness":{"mean":0.6,"deviation":0.09999999999999998},)"
      R"("evenness":{"mean":0.2,"deviation":0.0},"nodes":[{"layer":1,"sublayer":"self_attention",)"
      R"("step":{"mean":2.0,"deviation":1.0},"state":{"mean":12.5,"deviation":0.25},)"
      R"("ratio":{"mean":0.25,"deviation":0.0},"alignment":{"mean":0.0,"deviation":0.5},)"
      R"("turning":{"mean":0.125,"deviation":0.0},"removed":{"nll":3.0,"bleu":28.75}},)"
      R"({"layer":1,"sublayer":"feed_forward","step":{"mean":0.0,"deviation":0.0},)"
      R"("state":{"mean":2.0,"deviation":0.0},"ratio":{"mean":0.0,"deviation":0.0},)"
      R"("alignment":null,"turning":null,"removed":{"nll":2.25,"bleu":30.5}}]}]})");
}

TEST(ChainStatistics, ALineOfTrainingHasTheMeans) {
  ModelChains model = two_residuals();
  model.chains[0].nodes.resize(1);
  EXPECT_EQ(
      chain_line(200, model.chains).dump(),
      R"({"update":200,"chains":[{"stack":"encoder","straightness":0.6,"evenness":0.2,"nodes":[)"
      R"({"layer":1,"sublayer":"self_attention","step":2.0,"state":12.5,"ratio":0.25,)"
      R"("alignment":0.0,"turning":0.125}]}]})");
}

TEST(ChainStatistics, TheTableGoesByDepth) {
  EXPECT_EQ(chain_text(two_residuals()),
            "runs/text: nll 2.5000, BLEU 30.00\n"
            "\n"
            "encoder                   ||z||          ||x||  ||z|| / ||x||  cos(z, -dL/dx)  "
            "cos(z, next z)               without it\n"
            "1 self-attention  2.000 ± 1.000   12.50 ± 0.25  0.250 ± 0.000   0.000 ± 0.500   "
            "0.125 ± 0.000  +0.5000 nll, -1.25 BLEU\n"
            "1 feed-forward    0.000 ± 0.000  2.000 ± 0.000  0.000 ± 0.000               –  "
            "             –  -0.2500 nll, +0.50 BLEU\n"
            "straightness 0.600 ± 0.100, evenness 0.200 ± 0.000\n");
}

TEST(ChainStatistics, AClassifierIsScoredByWhatItGetsRight) {
  ModelChains model = two_residuals();
  model.score = {.nll = 0.5, .bleu = {}, .accuracy = 0.875};
  model.chains[0].nodes.resize(1);
  model.chains[0].nodes[0].removed = TaskScore{1, {}, 0.5};
  const std::string text = chain_text(model);
  EXPECT_EQ(text.substr(0, text.find('\n')), "runs/text: nll 0.5000, 87.50 % right");
  EXPECT_NE(text.find("+0.5000 nll, -37.50 % right"), std::string::npos) << text;
}

}  // namespace penalmt::chain_statistics_test
