#include "evaluation/contrastive_accuracy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluation/resampling.h"
#include "evaluation/share.h"

namespace penalmt::contrastive_accuracy_test {

using Rows = std::vector<double>;
using Targets = std::vector<ScoredTarget>;

TEST(ContrastiveAccuracy, GivesARowToEachSourceSentence) {
  const Targets correct = {{-4, 4}, {-6, 4}, {-3, 4}}, incorrect = {{-5, 4}, {-5, 4}, {-9, 4}};
  const Statistics rows =
      contrastive_rows({"bank", "bank", "mole"}, correct, incorrect, ContrastiveScore::kPerplexity);
  EXPECT_EQ(rows.numbers, (Rows{1, 2, 1, 1}));
  EXPECT_DOUBLE_EQ(Share().value(rows.sum()), 200 / 3.0);
}

TEST(ContrastiveAccuracy, PerplexityDividesByTheLengthAndProbabilityDoesNot) {
  const Targets correct = {{-6, 6}}, incorrect = {{-4, 2}};  // a token: -1 and -2
  EXPECT_EQ(contrastive_rows({"a"}, correct, incorrect, ContrastiveScore::kPerplexity).numbers,
            (Rows{1, 1}));
  EXPECT_EQ(contrastive_rows({"a"}, correct, incorrect, ContrastiveScore::kProbability).numbers,
            (Rows{0, 1}));
}

TEST(ContrastiveAccuracy, ATieIsHalfRight) {
  const Targets same = {{-6, 3}};
  EXPECT_EQ(contrastive_rows({"a"}, same, {{-6 - 1e-7, 3}}, ContrastiveScore::kProbability).numbers,
            (Rows{0.5, 1}));
  EXPECT_EQ(contrastive_rows({"a"}, same, {{-6 - 1e-5, 3}}, ContrastiveScore::kProbability).numbers,
            (Rows{1, 1}));
}

TEST(ContrastiveAccuracy, ATieIsWrongOnRequestAndInThePerplexitiesThatAreWritten) {
  const Targets correct = {{-6, 3}, {-4, 2}, {-2, 2}},
                incorrect = {{-6 - 1e-7, 3}, {-2, 2}, {-4, 2}};
  EXPECT_EQ(contrastive_rows({"a", "b", "c"}, correct, incorrect, ContrastiveScore::kPerplexity,
                             Ties::kWrong)
                .numbers,
            (Rows{0, 1, 0, 1, 1, 1}));
  const Perplexities all = perplexities(correct, incorrect);
  EXPECT_EQ(all.correct[0], all.incorrect[0]);
  EXPECT_DOUBLE_EQ(all.correct[1], std::exp(2.0));
  EXPECT_DOUBLE_EQ(all.incorrect[1], std::exp(1.0));
  EXPECT_LT(all.correct[2], all.incorrect[2]);
}

// Whatever it thinks of the translations, they are exchanged the second time.
TEST(ContrastiveAccuracy, WithoutAnImageItIsHalfWithoutAnyDoubt) {
  std::vector<std::string> sources;
  Targets correct, incorrect;
  for (int i = 0; i < 50; ++i) {
    const ScoredTarget one = {-3.0 - i % 7, 3 + i % 4}, other = {-4.0 - i % 5, 4 + i % 3};
    for (const bool exchanged : {false, true}) {
      sources.push_back("sentence " + std::to_string(i));
      correct.push_back(exchanged ? other : one);
      incorrect.push_back(exchanged ? one : other);
    }
  }
  for (const ContrastiveScore by :
       {ContrastiveScore::kPerplexity, ContrastiveScore::kProbability}) {
    const Statistics rows = contrastive_rows(sources, correct, incorrect, by);
    EXPECT_EQ(rows.sentences(), 50u);
    EXPECT_EQ(Share().value(rows.sum()), 50);
    const Confidence confidence = bootstrap_confidence(Share(), rows, {.samples = 100});
    EXPECT_EQ(confidence.mean, 50);
    EXPECT_EQ(confidence.half_width, 0);
  }
}

TEST(Share, IsNothingOfNothing) {
  EXPECT_EQ(Share().value(Rows{0, 0}), 0);
  EXPECT_DOUBLE_EQ(Share(1).value(Rows{-6, 4}), -1.5);
}

}  // namespace penalmt::contrastive_accuracy_test
