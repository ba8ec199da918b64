#include "evaluation/probe_measures.h"

#include <gtest/gtest.h>

#include "evaluation/bleu.h"

namespace penalmt::probe_measures_test {

const std::vector<std::string> kReferences = {"a red circle .", "two blue stars ."},
                               kOthers = {"a red circle .", "a dog"};

TEST(ProbeMeasures, HaveARowForEachSentenceOfEachCondition) {
  const auto bleu =
      std::make_shared<Bleu>(BleuOptions{.tokenizer = "none"}, References::single(kReferences));
  const Measure by_bleu = metric_measure(bleu, "signature", {kReferences, kOthers}, 1);
  EXPECT_EQ(by_bleu.name, "BLEU");
  EXPECT_EQ(by_bleu.signature, "signature");
  ASSERT_EQ(by_bleu.rows.size(), 2u);
  EXPECT_EQ(by_bleu.rows[1].sentences(), 2u);
  EXPECT_DOUBLE_EQ(by_bleu.score->value(by_bleu.rows[0].sum()), 100);

  const Measure probable = log_probability_measure({{-3, -5}, {-6, -10}}, {2, 6});
  EXPECT_EQ(probable.name, "log p");
  EXPECT_DOUBLE_EQ(probable.score->value(probable.rows[0].sum()), -1);
  EXPECT_DOUBLE_EQ(probable.score->value(probable.rows[1].sum()), -2);

  const Measure left_out = left_out_measure({{true, true, false, true}, {}}, 12.5);
  EXPECT_EQ(left_out.signature, "percent of the left-out words right; chance 12.5");
  EXPECT_DOUBLE_EQ(left_out.score->value(left_out.rows[0].sum()), 75);
  EXPECT_EQ(left_out.rows[1].sentences(), 0u);
}

TEST(ProbeMeasures, CompareEachConditionWithTheFirst) {
  std::vector<bool> right(100, true), half(100, true);
  for (std::size_t i = 0; i < half.size(); i += 2) half[i] = false;
  const Measure measure = left_out_measure({right, right, half}, 10);
  const auto table = compare_conditions({"right", "zeroed", "none"}, {measure}, 12345, 1);
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table[2].system, "none");
  const MetricScore &first = table[0].scores.at(0), &same = table[1].scores.at(0),
                    &worse = table[2].scores.at(0);
  EXPECT_EQ(first.score, 100);
  EXPECT_FALSE(first.p_value);
  EXPECT_EQ(same.p_value, 1);  // equal outcomes count
  EXPECT_EQ(worse.score, 50);
  EXPECT_LT(*worse.p_value, 0.001);
  ASSERT_TRUE(worse.confidence);
  EXPECT_NEAR(worse.confidence->half_width, 10, 2);  // 1.96 x 5
  EXPECT_EQ(first.confidence->half_width, 0);
}

}  // namespace penalmt::probe_measures_test
