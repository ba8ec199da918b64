#include "decoding/beam_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/decoding/formula_steps.h"

namespace penalmt::beam_search_test {

using namespace formula_steps;

std::vector<std::vector<Hypothesis>> search(const Formula& formula,
                                            const std::vector<int64_t>& sentences, int64_t limit,
                                            const SearchOptions& options) {
  FormulaModel model(formula, sentences);
  return beam_search(model, within(limit, sentences.size()), options);
}

// Every finished translation of at most `limit` tokens, best first.
std::vector<Hypothesis> all_translations(const Formula& formula, int64_t sentence, int64_t limit,
                                         double length_penalty) {
  std::vector<Hypothesis> found;
  std::function<void(const Prefix&, double)> visit = [&](const Prefix& prefix, double so_far) {
    const auto scores = log_softmax(formula(sentence, prefix));
    const int64_t length = static_cast<int64_t>(prefix.size()) + 1;
    const double total = so_far + scores[kEos];
    found.push_back({prefix, total, total / std::pow(length, length_penalty)});
    if (length == limit) return;
    for (int v = 3; v < static_cast<int>(scores.size()); ++v) {
      Prefix longer = prefix;
      longer.push_back(v);
      visit(longer, so_far + scores[v]);
    }
  };
  visit({}, 0.0);
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  return found;
}

// The definition of the search, spelt out without batches, dropping or early ends: goes on to the
// last position.
std::vector<Hypothesis> plain_beam(const Formula& formula, int64_t sentence, int64_t limit,
                                   const SearchOptions& options) {
  std::vector<std::pair<Prefix, double>> open = {{{}, 0.0}};
  std::vector<Hypothesis> finished;
  for (int64_t length = 1; length <= limit && !open.empty(); ++length) {
    std::vector<std::pair<Prefix, double>> longer;
    for (const auto& [prefix, so_far] : open) {
      const auto scores = log_softmax(formula(sentence, prefix));
      for (int v = kEos; v < static_cast<int>(scores.size()); ++v) {
        if (length == limit && v != kEos) break;
        Prefix next = prefix;
        next.push_back(v);
        longer.push_back({next, so_far + scores[v]});
      }
    }
    std::stable_sort(longer.begin(), longer.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (static_cast<int64_t>(longer.size()) > options.beam) longer.resize(options.beam);
    open.clear();
    for (auto& [prefix, total] : longer) {
      if (prefix.back() != kEos) {
        open.push_back({prefix, total});
        continue;
      }
      prefix.pop_back();
      finished.push_back(
          {prefix, total, total / std::pow(static_cast<double>(length), options.length_penalty)});
    }
  }
  std::stable_sort(finished.begin(), finished.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  if (static_cast<int64_t>(finished.size()) > options.n_best) finished.resize(options.n_best);
  return finished;
}

void expect_same(const std::vector<Hypothesis>& got, const std::vector<Hypothesis>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].tokens, wanted[i].tokens) << "hypothesis " << i;
    EXPECT_NEAR(got[i].score, wanted[i].score, 1e-5);
    EXPECT_NEAR(got[i].log_probability, wanted[i].log_probability, 1e-5);
  }
}

TEST(BeamSearch, FindsTheBestOfAllTranslationsWhenTheBeamHoldsThemAll) {
  for (int vocabulary : {4, 5, 6})
    for (double length_penalty : {-1.0, 0.0, 0.6, 1.0, 2.0})
      for (int64_t sentence = 0; sentence < 5; ++sentence) {
        const int64_t limit = 5;
        const SearchOptions options{.beam = 512, .n_best = 7, .length_penalty = length_penalty};
        auto wanted = all_translations(mixed(vocabulary), sentence, limit, length_penalty);
        wanted.resize(std::min<size_t>(wanted.size(), 7));
        expect_same(search(mixed(vocabulary), {sentence}, limit, options)[0], wanted);
      }
}

TEST(BeamSearch, DropsNoHypothesisThatTheFullSearchWouldReturn) {
  for (double length_penalty : {-0.5, 0.0, 0.7, 1.0, 1.5})
    for (double end : {-3.0, 0.0, 2.0})
      for (int64_t beam : {1, 2, 3, 5})
        for (int64_t n_best = 1; n_best <= beam; n_best += 2)
          for (int64_t sentence = 0; sentence < 6; ++sentence) {
            const SearchOptions options{
                .beam = beam, .n_best = n_best, .length_penalty = length_penalty};
            const auto formula = mixed(12, end);
            expect_same(search(formula, {sentence}, 14, options)[0],
                        plain_beam(formula, sentence, 14, options));
          }
}

// The search of Transformers, spelt out: 2 K candidates, of which those that end count where they
// are among the K best, and the K best others go on; at the last position the end is forced and
// costs nothing. With patience 1 (early_stopping true) it ends with K finished ones, with guess_end
// (false) once the best open one is no better than these, else ("never") at the last position.
std::vector<Hypothesis> refilled_beam(const Formula& formula, int64_t sentence, int64_t limit,
                                      const SearchOptions& options) {
  const auto width = static_cast<size_t>(options.beam);
  std::vector<std::pair<Prefix, double>> open = {{{}, 0.0}};
  std::vector<Hypothesis> finished;
  for (int64_t length = 1; length <= limit && !open.empty(); ++length) {
    std::vector<std::pair<Prefix, double>> longer, next;
    for (const auto& [prefix, so_far] : open) {
      const auto scores = log_softmax(formula(sentence, prefix));
      for (int v = kEos; v < static_cast<int>(scores.size()); ++v) {
        if (length == limit && v != kEos) break;
        Prefix one = prefix;
        one.push_back(v);
        longer.push_back({one, so_far + (length == limit ? 0 : scores[v])});
      }
    }
    std::stable_sort(longer.begin(), longer.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    if (longer.size() > 2 * width) longer.resize(2 * width);
    for (size_t place = 0; place < longer.size(); ++place) {
      auto& [prefix, total] = longer[place];
      if (prefix.back() != kEos) {
        if (next.size() < width) next.push_back(longer[place]);
        continue;
      }
      if (place >= width) continue;
      prefix.pop_back();
      finished.push_back(
          {prefix, total, total / std::pow(static_cast<double>(length), options.length_penalty)});
    }
    open = std::move(next);
    if (finished.size() < width || open.empty()) continue;
    if (options.patience > 0) break;
    if (!options.guess_end) continue;
    std::vector<double> scores;
    for (const Hypothesis& hypothesis : finished) scores.push_back(hypothesis.score);
    std::sort(scores.begin(), scores.end(), std::greater());
    const double divisor = std::pow(static_cast<double>(length), options.length_penalty);
    if (open.front().second / divisor <= scores[width - 1]) break;
  }
  std::stable_sort(finished.begin(), finished.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  if (static_cast<int64_t>(finished.size()) > options.n_best) finished.resize(options.n_best);
  return finished;
}

TEST(BeamSearch, WithRefillIsTheSearchOfTransformers) {
  int64_t different = 0, guessed = 0;
  for (const double patience : {0.0, 1.0})
    for (const double end : {-2.0, 0.0, 1.5})
      for (const int64_t beam : {2, 4, 7})
        for (int64_t sentence = 0; sentence < 6; ++sentence) {
          SearchOptions options{.beam = beam, .n_best = 2, .patience = patience, .refill = true};
          const Formula formula = mixed(9, end);
          const auto found = search(formula, {sentence}, 12, options)[0];
          expect_same(found, refilled_beam(formula, sentence, 12, options));
          options.guess_end = true;
          const auto hasty = search(formula, {sentence}, 12, options)[0];
          expect_same(hasty, refilled_beam(formula, sentence, 12, options));
          if (patience == 0) guessed += hasty.front().tokens != found.front().tokens;
          options.refill = false;
          different +=
              search(formula, {sentence}, 12, options)[0].front().tokens != found.front().tokens;
        }
  EXPECT_GT(different, 0);
  EXPECT_GT(guessed, 0);
  // One hypothesis is greedy search all the same.
  expect_same(search(mixed(9), {3}, 12, {.beam = 1, .refill = true})[0],
              search(mixed(9), {3}, 12, {.beam = 1})[0]);
}

TEST(BeamSearch, OfOneIsGreedy) {
  for (int64_t sentence = 0; sentence < 20; ++sentence) {
    const auto formula = mixed(9, 0.5);
    Prefix greedy;
    double total = 0;
    while (true) {
      const auto scores = log_softmax(formula(sentence, greedy));
      const bool last = greedy.size() + 1 == 12;
      const int best =
          last ? kEos
               : static_cast<int>(std::max_element(scores.begin() + kFirstWritable, scores.end()) -
                                  scores.begin());
      total += scores[best];
      if (best == kEos) break;
      greedy.push_back(best);
    }
    const auto found = search(formula, {sentence}, 12, {.beam = 1});
    ASSERT_EQ(found[0].size(), 1u);
    EXPECT_EQ(found[0][0].tokens, greedy);
    EXPECT_NEAR(found[0][0].log_probability, total, 1e-5);
  }
}

TEST(BeamSearch, ScoresAreLogProbabilityOverLengthWithTheEndCounted) {
  EXPECT_DOUBLE_EQ(hypothesis_score(-6.0, 3, 1.0), -2.0);
  EXPECT_DOUBLE_EQ(hypothesis_score(-6.0, 4, 0.5), -3.0);
  EXPECT_DOUBLE_EQ(hypothesis_score(-6.0, 4, 0.0), -6.0);
  for (double length_penalty : {0.0, 0.8, 1.0}) {
    const auto found =
        search(mixed(10), {3}, 9, {.beam = 4, .n_best = 4, .length_penalty = length_penalty});
    for (const auto& hypothesis : found[0])
      EXPECT_DOUBLE_EQ(
          hypothesis.score,
          hypothesis_score(hypothesis.log_probability,
                           static_cast<int64_t>(hypothesis.tokens.size()) + 1, length_penalty));
  }
}

TEST(BeamSearch, ALargerLengthPenaltyPrefersLongerTranslations) {
  // By hand: "</s>" has log probability -1; "3 </s>" has log(1 - 1/e) + log(1/2) = -1.152.
  const Formula formula = [](int64_t, const Prefix& prefix) {
    std::vector<double> logits(5, -1e9);
    if (prefix.empty()) {
      logits[kEos] = -1.0;
      logits[3] = std::log(1 - std::exp(-1.0));
    } else {
      logits[kEos] = std::log(0.5);
      logits[4] = std::log(0.5);
    }
    return logits;
  };
  EXPECT_EQ(search(formula, {0}, 2, {.beam = 4, .length_penalty = 0.0})[0][0].tokens, Prefix{});
  const auto longer = search(formula, {0}, 2, {.beam = 4, .length_penalty = 1.0})[0][0];
  EXPECT_EQ(longer.tokens, Prefix{3});
  EXPECT_NEAR(longer.score, (std::log(1 - std::exp(-1.0)) + std::log(0.5)) / 2, 1e-6);
}

TEST(BeamSearch, ReturnsHypothesesBestFirstWithoutDoubles) {
  const auto found = search(mixed(30), {0, 1, 2}, 10, {.beam = 8, .n_best = 8});
  for (const auto& of_sentence : found) {
    ASSERT_EQ(of_sentence.size(), 8u);
    std::set<Prefix> different;
    for (size_t i = 0; i < of_sentence.size(); ++i) {
      different.insert(of_sentence[i].tokens);
      if (i > 0) {
        EXPECT_GE(of_sentence[i - 1].score, of_sentence[i].score);
      }
    }
    EXPECT_EQ(different.size(), 8u);
  }
}

TEST(BeamSearch, NeverPassesTheLimitAndEndsThere) {
  for (int64_t limit : {1, 2, 7}) {
    const auto formula = mixed(6, -50.0);  // would never end by itself
    FormulaModel model(formula, {0});
    const auto found = beam_search(model, within(limit, 1), {.beam = 3});
    EXPECT_EQ(static_cast<int64_t>(found[0][0].tokens.size()) + 1, limit);
    EXPECT_EQ(static_cast<int64_t>(model.rows_of_step.size()), limit);
  }
}

TEST(BeamSearch, KeepsFinishedHypothesesOutOfTheNextStep) {
  FormulaModel model(mixed(8, 1.0), {0, 1, 2, 3, 4});
  beam_search(model, within(12, 5), {.beam = 4, .n_best = 2});
  EXPECT_EQ(model.fed.count(kEos), 0u);
  EXPECT_EQ(model.fed.count(0), 0u);
  EXPECT_EQ(model.rows_of_step.front(), 5);
}

TEST(BeamSearch, FinishedSentencesLeaveTheBatch) {
  // Sentence b says 3 b times and then ends, with certainty.
  const Formula formula = [](int64_t sentence, const Prefix& prefix) {
    std::vector<double> logits(6, -1e4);
    logits[static_cast<int64_t>(prefix.size()) == sentence ? kEos : 3] = 0.0;
    return logits;
  };
  FormulaModel model(formula, {0, 1, 2, 3});
  const auto found = beam_search(model, within(30, 4), {.beam = 1});
  EXPECT_EQ(model.rows_of_step, (std::vector<int64_t>{4, 3, 2, 1}));
  for (size_t b = 0; b < 4; ++b) EXPECT_EQ(found[b][0].tokens, Prefix(b, 3));
}

TEST(BeamSearch, StopsOnceNoOpenHypothesisCanWin) {
  // The first word ends with probability 0.9; every other path is far worse, so that 40 positions
  // are not needed.
  const Formula formula = [](int64_t, const Prefix& prefix) {
    std::vector<double> logits(6, std::log(1e-9));
    logits[prefix.size() == 1 && prefix[0] == 3 ? kEos : 3] = 0.0;
    return logits;
  };
  FormulaModel model(formula, {0});
  const auto found = beam_search(model, within(40, 1), {.beam = 4});
  EXPECT_EQ(found[0][0].tokens, Prefix{3});
  EXPECT_LE(model.rows_of_step.size(), 4u);
}

TEST(BeamSearch, GivesASentenceTheSameWhateverItsNeighbours) {
  const SearchOptions options{.beam = 4, .n_best = 3};
  std::vector<int64_t> sentences = {0, 1, 2, 3, 4, 5, 6, 7};
  const auto together = search(mixed(20), sentences, 11, options);
  std::reverse(sentences.begin(), sentences.end());
  auto reversed = search(mixed(20), sentences, 11, options);
  std::reverse(reversed.begin(), reversed.end());
  for (int64_t b = 0; b < 8; ++b) {
    expect_same(reversed[b], together[b]);
    expect_same(search(mixed(20), {b}, 11, options)[0], together[b]);
  }
}

TEST(BeamSearch, NeverWritesPaddingOrStart) {
  const Formula formula = [](int64_t sentence, const Prefix& prefix) {
    auto logits = mixed(7, -1.0)(sentence, prefix);
    logits[0] = logits[1] = 10.0;
    return logits;
  };
  const auto found = search(formula, {0}, 8, {.beam = 5, .n_best = 5});
  for (const auto& hypothesis : found[0])
    for (int token : hypothesis.tokens) EXPECT_GT(token, kEos);
}

TEST(BeamSearch, BreaksTiesByRowThenByToken) {
  const Formula level = [](int64_t, const Prefix&) { return std::vector<double>(7, 0.0); };
  const auto found = search(level, {0}, 3, {.beam = 3, .n_best = 3, .length_penalty = 0.0})[0];
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].tokens, Prefix{});
  EXPECT_EQ(found[1].tokens, Prefix{3});
  EXPECT_EQ(found[2].tokens, (Prefix{3, 3}));
}

TEST(BeamSearch, ReturnsNothingWhereTheScoresAreNotNumbers) {
  const Formula broken = [](int64_t, const Prefix&) {
    return std::vector<double>(7, std::nan(""));
  };
  EXPECT_TRUE(search(broken, {0}, 5, {.beam = 3})[0].empty());
}

}  // namespace penalmt::beam_search_test
