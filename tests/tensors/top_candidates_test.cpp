#include "tensors/top_candidates.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

namespace penalmt::top_candidates_test {

// Logits [rows, columns] by a formula, without ties.
at::Tensor some_logits(int64_t rows, int64_t columns, double scale) {
  const at::Tensor place = at::arange(rows * columns, at::kDouble);
  return ((place * place * 0.37).cos() * scale + (place * 0.11).sin())
      .reshape({rows, columns})
      .to(at::kFloat);
}

void expect_as_aten(const at::Tensor& logits, const Candidates& found, const CandidateRule& rule) {
  const at::Tensor scores = at::log_softmax(logits.to(at::kDouble), -1);
  auto [values, tokens] = at::topk(
      scores.narrow(1, rule.first_token, logits.size(1) - rule.first_token), found.count, -1);
  for (int64_t r = 0; r < logits.size(0); ++r) {
    for (int64_t k = 0; k < found.count; ++k) {
      const int token = found.tokens[r * found.count + k];
      EXPECT_EQ(token, tokens[r][k].item<int64_t>() + rule.first_token)
          << "row " << r << ", candidate " << k;
      EXPECT_NEAR(found.log_probabilities[r * found.count + k], values[r][k].item<double>(), 2e-6);
    }
    EXPECT_NEAR(found.end[r], scores[r][rule.end_token].item<double>(),
                2e-6 * std::max(1.0, std::abs(scores[r][rule.end_token].item<double>())));
  }
}

TEST(TopCandidates, AreThoseOfLogSoftmaxAndTopk) {
  for (int64_t columns : {3, 15, 16, 17, 64, 100, 1000, 4099})
    for (int64_t count : {1, 2, 5, 10}) {
      const CandidateRule rule{.count = count};
      const at::Tensor logits = some_logits(7, columns, 4.0);
      const Candidates found = top_candidates(logits, rule);
      EXPECT_EQ(found.count, std::min(count, columns - 2));
      expect_as_aten(logits, found, rule);
    }
}

TEST(TopCandidates, StayExactForLargeAndSmallLogits) {
  for (double scale : {0.01, 80.0, 3000.0}) {
    const at::Tensor logits = some_logits(5, 777, scale);
    expect_as_aten(logits, top_candidates(logits, {.count = 6}), {.count = 6});
  }
}

TEST(TopCandidates, DoNotDependOnTheTiles) {
  const at::Tensor logits = some_logits(6, 1000, 5.0);
  const Candidates whole = top_candidates(logits, {.count = 4});
  CandidateScan scan(6, {.count = 4});
  for (int64_t first = 0; first < 1000; first += 130) {
    const int64_t columns = std::min<int64_t>(130, 1000 - first);
    scan.add(logits.const_data_ptr<float>() + first, 1000, first, columns);
  }
  const Candidates tiled = scan.finish();
  EXPECT_EQ(tiled.tokens, whole.tokens);
  for (size_t i = 0; i < whole.tokens.size(); ++i)
    EXPECT_NEAR(tiled.log_probabilities[i], whole.log_probabilities[i], 1e-6);
  for (size_t r = 0; r < whole.end.size(); ++r) EXPECT_NEAR(tiled.end[r], whole.end[r], 1e-6);
}

// The tiles' logits are off by up to 0.3; the exact ones of what was kept decide.
TEST(TopCandidates, AreOrderedByTheExactLogitsOfThoseKept) {
  const at::Tensor logits = some_logits(6, 1000, 5.0);
  const at::Tensor rounded = logits + 0.3 * (at::arange(6000).reshape({6, 1000}) * 2.1).sin();
  CandidateScan scan(6, {.count = 3}, 20);
  scan.add(rounded.const_data_ptr<float>(), 1000, 0, 1000);
  const Candidates found =
      scan.finish([&](int64_t row, int token) { return logits[row][token].item<float>(); });
  const Candidates expected = top_candidates(logits, {.count = 3});
  EXPECT_EQ(found.tokens, expected.tokens);
  for (size_t i = 0; i < found.tokens.size(); ++i)
    EXPECT_NEAR(found.log_probabilities[i], expected.log_probabilities[i], 0.3);
}

TEST(TopCandidates, AreTheSameWithoutProbabilities) {
  const at::Tensor logits = some_logits(6, 1000, 5.0);
  const Candidates found = top_candidates(logits, {.count = 3, .probabilities = false});
  EXPECT_EQ(found.tokens, top_candidates(logits, {.count = 3}).tokens);
  for (int64_t r = 0; r < 6; ++r) {
    EXPECT_EQ(found.log_probabilities[r * 3], logits[r][found.tokens[r * 3]].item<float>());
    EXPECT_EQ(found.end[r], logits[r][2].item<float>());
  }
}

TEST(TopCandidates, NeverHoldForbiddenTokensWhichStillCountInTheSum) {
  at::Tensor logits = some_logits(3, 50, 1.0);
  logits.select(1, 0).fill_(9.0);
  logits.select(1, 1).fill_(8.0);
  expect_as_aten(logits, top_candidates(logits, {.count = 3}), {.count = 3});
}

TEST(TopCandidates, TakeTheSmallerNumberOfTwoEqualTokens) {
  at::Tensor logits = at::zeros({1, 40});
  logits[0][30] = 1.0;
  logits[0][20] = 1.0;
  const Candidates found = top_candidates(logits, {.count = 4});
  EXPECT_EQ(found.tokens, (std::vector<int>{20, 30, 2, 3}));
}

TEST(TopCandidates, AreNoneWhereTheLogitsAreNotNumbers) {
  const Candidates found = top_candidates(at::full({2, 20}, std::nanf("")), {.count = 2});
  for (float value : found.log_probabilities)
    EXPECT_FALSE(value > -std::numeric_limits<float>::infinity());
  for (float value : found.end) EXPECT_FALSE(value > -std::numeric_limits<float>::infinity());
}

// Of one token of each row the log probability is asked for: in tiles, of rounded logits whose
// exact ones are at hand, and of a part of the rows.
TEST(TopCandidates, AreAskedForATokenOfEachRow) {
  const at::Tensor logits = some_logits(6, 200, 3.0);
  const CandidateRule rule{.count = 2, .asked = {0, 5, 77, 120, 199, 2}};
  const at::Tensor expected = at::log_softmax(logits, 1);
  const auto expect_asked = [&](const Candidates& found, int64_t first) {
    ASSERT_EQ(found.asked.size(), 6 - first);
    for (int64_t r = first; r < 6; ++r)
      EXPECT_NEAR(found.asked[r - first], expected[r][rule.asked[r]].item<float>(), 1e-5) << r;
  };
  expect_asked(top_candidates(logits, rule), 0);
  const at::Tensor dense = logits.to(at::kFloat).contiguous();
  CandidateScan tiles(6, rule);
  for (const auto& [first, columns] : {std::pair<int64_t, int64_t>(0, 70), {70, 130}})
    tiles.add(dense.const_data_ptr<float>() + first, 200, first, columns);
  expect_asked(tiles.finish(), 0);
  expect_asked(
      tiles.finish([&](int64_t row, int token) { return dense[row][token].item<float>(); }), 0);
  CandidateScan behind(4, rule.of_rows(2, 4));
  behind.add(dense.const_data_ptr<float>() + 2 * 200, 200, 0, 200);
  expect_asked(behind.finish(), 2);
  EXPECT_TRUE(top_candidates(logits, {.count = 2}).asked.empty());
}

}  // namespace penalmt::top_candidates_test
