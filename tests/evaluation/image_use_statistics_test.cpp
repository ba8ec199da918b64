#include "evaluation/image_use_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace penalmt::image_use_statistics_test {

using Pieces = std::vector<std::vector<std::string>>;
using Gates = std::vector<std::vector<double>>;

TEST(GateStatistics, AreOfPieces) {
  const GateStatistics statistics =
      gate_statistics({{"▁a", "▁b"}, {}, {"▁c", "▁d", "▁e"}}, {{0, 1}, {}, {0.25, 0.5, 0.75}});
  EXPECT_EQ(statistics.pieces, 5);
  EXPECT_DOUBLE_EQ(statistics.mean, 0.5);
  EXPECT_DOUBLE_EQ(statistics.open, 0.4);  // 0.5 itself is not open
  EXPECT_EQ(statistics.quantiles[0], 0);
  EXPECT_NEAR(statistics.quantiles[1], 0.05, 1e-12);
  EXPECT_NEAR(statistics.quantiles[2], 0.25, 1e-12);
  EXPECT_NEAR(statistics.quantiles[3], 0.5, 1e-12);
  EXPECT_NEAR(statistics.quantiles[5], 0.95, 1e-12);
  EXPECT_EQ(statistics.quantiles[6], 1);
  std::array<int64_t, 20> histogram{};
  histogram[0] = histogram[5] = histogram[10] = histogram[15] = histogram[19] = 1;
  EXPECT_EQ(statistics.histogram, histogram);
}

TEST(GateStatistics, NameTheWordsWithTheWidestGates) {
  const Pieces pieces = {{"▁a", "▁ro", "t"}, {"▁a", "▁ro", "t"}, {"▁a", "▁blau"}};
  const Gates gates = {{0.1, 0.9, 0.7}, {0.2, 0.6, 0.4}, {0.3, 1}};
  const auto twice = gate_statistics(pieces, gates, 10, 2).widest;
  ASSERT_EQ(twice.size(), 2u);
  EXPECT_EQ(twice[0].word, "rot");
  EXPECT_EQ(twice[0].count, 2);
  EXPECT_NEAR(twice[0].mean, 0.65, 1e-12);
  EXPECT_EQ(twice[1].word, "a");
  EXPECT_NEAR(twice[1].mean, 0.2, 1e-12);
  // The sentence's end is no part of its last word.
  const auto ended = gate_statistics({{"▁ro", "t", "</s>"}}, {{0.9, 0.7, 0.1}}, 10, 1).widest;
  ASSERT_EQ(ended.size(), 2u);
  EXPECT_EQ(ended[0].word, "rot");
  EXPECT_EQ(ended[1].word, "</s>");
  const auto one = gate_statistics(pieces, gates, 1, 1).widest;
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].word, "blau");
}

TEST(GateStatistics, OfNothingAreNothing) {
  const GateStatistics statistics = gate_statistics({{}}, {{}});
  EXPECT_EQ(statistics.pieces, 0);
  EXPECT_EQ(statistics.mean, 0);
  EXPECT_TRUE(statistics.widest.empty());
}

TEST(AttentionStatistics, LieBetweenEvenAndOneRegion) {
  const std::vector<double> even(4, 0.25), one = {0, 1, 0, 0}, half = {0.5, 0.5, 0, 0};
  EXPECT_DOUBLE_EQ(attention_statistics({even}).entropy, 1);
  EXPECT_DOUBLE_EQ(attention_statistics({one}).entropy, 0);
  EXPECT_DOUBLE_EQ(attention_statistics({half}).entropy, 0.5);
  const AttentionStatistics statistics = attention_statistics({even, one, {}, {1}});
  EXPECT_EQ(statistics.pieces, 2);
  EXPECT_DOUBLE_EQ(statistics.entropy, 0.5);
  EXPECT_DOUBLE_EQ(statistics.largest, 0.625);
  EXPECT_DOUBLE_EQ(statistics.largest_if_even, 0.25);
  EXPECT_EQ(attention_statistics({}).pieces, 0);
}

}  // namespace penalmt::image_use_statistics_test
