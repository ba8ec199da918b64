#include "evaluation/given_scores.h"

#include <gtest/gtest.h>

#include "evaluation/resampling.h"
#include "tests/base/expect_error.h"

namespace penalmt::given_scores_test {

TEST(GivenScore, IsTheMeanOfItsSentences) {
  const GivenScore comet("COMET", false);
  const Statistics rows = GivenScore::statistics({0.5, 0.75, -0.5});
  EXPECT_EQ(comet.value(rows.sum()), 0.25);
  EXPECT_EQ(comet.sentence_score(rows.row(1)).score, 0.75);
  EXPECT_EQ(comet.value(rows.sum_of(std::vector<std::size_t>{0, 1})), 0.625);
  EXPECT_EQ(score_line(comet.score(rows.sum()), 1),
            "COMET|given:mean|version:penalmt-" PENALMT_VERSION " = 0.2500");
  EXPECT_EQ(comet.signature("bs:10|seed:1"),
            "given:mean|bs:10|seed:1|version:penalmt-" PENALMT_VERSION);
}

// Of two sentences that differ by 1 in the same direction a quarter of all swaps keep both, and a
// quarter turn both round: half are as far apart as the truth.
TEST(GivenScore, IsTestedAsOurOwn) {
  const GivenScore score("x", false);
  const auto results =
      paired_randomisation(score, {GivenScore::statistics({1, 1}), GivenScore::statistics({2, 2})},
                           {.samples = 4000, .count_equal = true});
  EXPECT_NEAR(results[1].p_value.value(), 0.5, 0.03);
}

TEST(GivenNumbers, AreReadStrictly) {
  EXPECT_EQ(given_numbers({"0.5", " -1e-3", "7"}, "f"), (std::vector<double>{0.5, -0.001, 7}));
  expect_error(
      [] {
        given_numbers({"0.5", "x"}, "a.comet");
      },
      "a.comet:2: got 'x', expected a number");
  expect_error([] { given_numbers({""}, "a.comet"); }, "a.comet:1: got '', expected a number");
  expect_error([] { given_numbers({"nan"}, "a.comet"); },
               "a.comet:1: got 'nan', expected a number");
  expect_error([] { given_numbers({"1e31"}, "a.comet"); },
               "a.comet:1: got '1e31', expected at most 1e30 in size");
}

}  // namespace penalmt::given_scores_test
