// What a search is told beside the model: against all translations that there are, and by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "decoding/beam_search.h"
#include "decoding/ensemble.h"
#include "decoding/sampling.h"
#include "decoding/token_rules.h"
#include "tests/decoding/formula_steps.h"

namespace penalmt::search_rules_test {

using namespace formula_steps;

constexpr int kVocabulary = 6;
constexpr int64_t kLimit = 6;

struct Whole {
  Prefix tokens;
  double log_probability;
  double score(double length_penalty) const {
    return hypothesis_score(log_probability, static_cast<int64_t>(tokens.size()) + 1,
                            length_penalty);
  }
};

// Every translation of fewer than `limit` tokens, with the model's own probability.
std::vector<Whole> everything(const Formula& formula, int64_t sentence, int64_t limit) {
  std::vector<Whole> found;
  std::function<void(const Prefix&, double)> visit = [&](const Prefix& prefix, double so_far) {
    const auto scores = log_softmax(formula(sentence, prefix));
    found.push_back({prefix, so_far + scores[kEos]});
    if (static_cast<int64_t>(prefix.size()) + 1 == limit) return;
    for (int v = kUnknown; v < static_cast<int>(scores.size()); ++v) {
      Prefix longer = prefix;
      longer.push_back(v);
      visit(longer, so_far + scores[v]);
    }
  };
  visit({}, 0.0);
  return found;
}

std::vector<Hypothesis> found_by_beam(const Formula& formula, int64_t sentence,
                                      const SentenceSearch& of_sentence,
                                      const SearchOptions& options) {
  FormulaModel model(formula, {sentence});
  return beam_search(model, {of_sentence}, options).front();
}

// The search with a beam that holds all finds the best of the translations that `allowed` allows.
void expect_best_of(const std::function<bool(const Prefix&)>& allowed, SearchOptions options,
                    const Prefix& prefix = {}) {
  options.beam = 4096;
  options.n_best = 5;
  for (int64_t sentence = 0; sentence < 6; ++sentence) {
    const auto formula = mixed(kVocabulary, 0.5);
    std::vector<Whole> wanted = everything(formula, sentence, kLimit);
    std::erase_if(wanted, [&](const Whole& whole) { return !allowed(whole.tokens); });
    std::stable_sort(wanted.begin(), wanted.end(), [&](const Whole& a, const Whole& b) {
      return a.score(options.length_penalty) > b.score(options.length_penalty);
    });
    const auto got = found_by_beam(formula, sentence, {.limit = kLimit, .prefix = prefix}, options);
    ASSERT_EQ(got.size(), std::min<size_t>(5, wanted.size()));
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].tokens, wanted[i].tokens);
      EXPECT_NEAR(got[i].log_probability, wanted[i].log_probability, 1e-4);
    }
  }
}

bool repeats(const Prefix& tokens, size_t n) {
  for (size_t i = 0; i + n <= tokens.size(); ++i)
    for (size_t k = i + 1; k + n <= tokens.size(); ++k)
      if (std::equal(tokens.begin() + i, tokens.begin() + i + n, tokens.begin() + k)) return true;
  return false;
}

TEST(SearchRules, KeepTheBestTranslationsOfTheLeastLength) {
  for (int64_t least : {1, 3, 5})
    expect_best_of([&](const Prefix& t) { return static_cast<int64_t>(t.size()) >= least; },
                   {.min_length = least});
}

TEST(SearchRules, KeepTheBestTranslationsWithoutRepeatedNgrams) {
  for (int64_t n : {1, 2, 3})
    expect_best_of([&](const Prefix& t) { return !repeats(t, n); }, {.no_repeat_ngram = n});
}

TEST(SearchRules, KeepTheBestTranslationsWithoutTheUnknown) {
  expect_best_of([](const Prefix& t) { return std::count(t.begin(), t.end(), kUnknown) == 0; },
                 {.no_unknown = true});
}

TEST(SearchRules, KeepTheBestTranslationsThatBeginWithThePrefix) {
  for (const Prefix& prefix : {Prefix{4}, Prefix{3, 5}, Prefix{5, 5, 4}, Prefix{3, 3, 3, 3, 3}})
    expect_best_of(
        [&](const Prefix& t) {
          return t.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), t.begin());
        },
        {.length_penalty = 0.6}, prefix);
}

TEST(SearchRules, HoldTogether) {
  expect_best_of(
      [](const Prefix& t) {
        return t.size() >= 3 && t[0] == 4 && !repeats(t, 2) &&
               std::count(t.begin(), t.end(), kUnknown) == 0;
      },
      {.min_length = 3, .no_repeat_ngram = 2, .no_unknown = true}, {4});
}

TEST(SearchRules, HoldInGreedySearchWithoutScores) {
  for (int64_t sentence = 0; sentence < 10; ++sentence) {
    SearchOptions options{.beam = 1, .min_length = 4, .no_repeat_ngram = 2};
    const auto scored = found_by_beam(mixed(9, 1.0), sentence, {.limit = 12}, options);
    options.scores = false;
    const auto blind = found_by_beam(mixed(9, 1.0), sentence, {.limit = 12}, options);
    ASSERT_EQ(blind.size(), 1u);
    EXPECT_EQ(blind[0].tokens, scored[0].tokens);
    EXPECT_GE(blind[0].tokens.size(), 4u);
    EXPECT_FALSE(repeats(blind[0].tokens, 2));
  }
}

// Sentences with prefixes and without share a batch.
TEST(SearchRules, OfASentenceDoNotTouchItsNeighbours) {
  const std::vector<SentenceSearch> sentences = {
      {.limit = 9}, {.limit = 9, .prefix = {5, 4, 3}}, {.limit = 4}, {.limit = 7, .prefix = {3}}};
  const SearchOptions options{.beam = 3, .n_best = 2, .no_repeat_ngram = 2};
  FormulaModel model(mixed(12), {0, 1, 2, 3});
  const auto together = beam_search(model, sentences, options);
  for (int64_t s = 0; s < 4; ++s) {
    const auto alone = found_by_beam(mixed(12), s, sentences[s], options);
    ASSERT_EQ(together[s].size(), alone.size());
    for (size_t i = 0; i < alone.size(); ++i) {
      EXPECT_EQ(together[s][i].tokens, alone[i].tokens);
      EXPECT_NEAR(together[s][i].score, alone[i].score, 1e-5);
    }
  }
}

// Sentences for which there is room while fewer than `most` are open.
class Queue : public SentenceFeed {
 public:
  Queue(FormulaModel& model, const std::vector<SentenceSearch>& sentences, int64_t most)
      : found(sentences.size()), model_(model), sentences_(sentences), most_(most) {}
  std::vector<SentenceSearch> next() override {
    std::vector<SentenceSearch> entering;
    if (open_ == 0) model_.clear();
    for (; open_ < most_ && entered_ < static_cast<int64_t>(sentences_.size()); ++open_) {
      model_.add(entered_);
      entering.push_back(sentences_[entered_++]);
    }
    open_at_step.push_back(open_);
    return entering;
  }
  void done(int64_t sentence, std::vector<Hypothesis> hypotheses) override {
    EXPECT_TRUE(found[sentence].empty());
    found[sentence] = std::move(hypotheses);
    --open_;
  }

  std::vector<std::vector<Hypothesis>> found;
  std::vector<int64_t> open_at_step;

 private:
  FormulaModel& model_;
  const std::vector<SentenceSearch> sentences_;
  const int64_t most_;
  int64_t open_ = 0, entered_ = 0;
};

// Each finds what it finds alone, whenever it entered; and a place is not empty for a step.
TEST(SearchRules, OfASentenceHoldWheneverItEnters) {
  std::vector<SentenceSearch> sentences;
  for (int64_t s = 0; s < 24; ++s) {
    sentences.push_back({.limit = 3 + s * 5 % 9});
    if (s % 4 == 1) sentences.back().prefix = {4, 3};
  }
  for (const SearchOptions& options :
       {SearchOptions{.beam = 1, .scores = false}, SearchOptions{.beam = 1},
        SearchOptions{.beam = 3, .n_best = 2, .no_repeat_ngram = 2},
        SearchOptions{.beam = 3, .patience = 1}, SearchOptions{.beam = 2, .refill = true},
        SearchOptions{.beam = 2, .refill = true, .guess_end = true}})
    for (const int64_t most : {1, 2, 5, 40}) {
      FormulaModel model(mixed(12, 1.0), {});
      Queue queue(model, sentences, most);
      beam_search(model, queue, options);
      for (int64_t s = 0; s < 24; ++s) {
        const auto alone = found_by_beam(mixed(12, 1.0), s, sentences[s], options);
        ASSERT_EQ(queue.found[s].size(), alone.size()) << most;
        ASSERT_FALSE(alone.empty());
        for (size_t i = 0; i < alone.size(); ++i) {
          EXPECT_EQ(queue.found[s][i].tokens, alone[i].tokens) << most;
          EXPECT_NEAR(queue.found[s][i].score, alone[i].score, 1e-5);
          EXPECT_EQ(queue.found[s][i].token_log_probabilities, alone[i].token_log_probabilities);
        }
      }
      // Fewer than so many are open only once none waits: the numbers fall to the end.
      EXPECT_EQ(queue.open_at_step.front(), std::min<int64_t>(most, 24));
      EXPECT_TRUE(std::is_sorted(queue.open_at_step.rbegin(), queue.open_at_step.rend()));
    }
}

TEST(SearchRules, AreSpeltOutByHand) {
  const auto forbidden = [](const SearchOptions& options, const Prefix& tokens) {
    return TokenRules(options).forbidden(tokens);
  };
  EXPECT_EQ(forbidden({.min_length = 2}, {7}), (std::vector<int>{kEos}));
  EXPECT_EQ(forbidden({.min_length = 2}, {7, 7}), std::vector<int>{});
  EXPECT_EQ(forbidden({.no_unknown = true}, {}), (std::vector<int>{kUnknown}));
  EXPECT_EQ(forbidden({.no_repeat_ngram = 1}, {9, 4, 9}), (std::vector<int>{4, 9}));
  EXPECT_EQ(forbidden({.no_repeat_ngram = 2}, {4, 5, 4, 6, 4}), (std::vector<int>{5, 6}));
  EXPECT_EQ(forbidden({.no_repeat_ngram = 3}, {4, 5, 6, 4, 5}), (std::vector<int>{6}));
  EXPECT_EQ(forbidden({.no_repeat_ngram = 3}, {4, 5}), std::vector<int>{});
  EXPECT_FALSE(TokenRules(SearchOptions{}).forbid_any());
}

TEST(SearchRules, PatienceEndsASentenceAfterSoManyHypotheses) {
  // By hand: "</s>" first, "3 </s>" better by its score; patience 1 with a beam of one finished
  // hypothesis a step stops at the first.
  const Formula formula = [](int64_t, const Prefix& prefix) {
    std::vector<double> logits(5, -1e9);
    logits[kEos] = prefix.empty() ? std::log(0.3) : std::log(0.9);
    logits[3] = prefix.empty() ? std::log(0.7) : std::log(0.1);
    return logits;
  };
  SearchOptions options{.beam = 2, .n_best = 1};
  EXPECT_EQ(found_by_beam(formula, 0, {.limit = 9}, options)[0].tokens, Prefix{3});
  options.patience = 0.5;  // one finished hypothesis is enough
  EXPECT_EQ(found_by_beam(formula, 0, {.limit = 9}, options)[0].tokens, Prefix{});
  options.patience = 1;  // two are
  EXPECT_EQ(found_by_beam(formula, 0, {.limit = 9}, options)[0].tokens, Prefix{3});
  FormulaModel model(mixed(12, -2.0), {0});
  beam_search(model, within(40, 1), {.beam = 4, .patience = 1});
  FormulaModel exact(mixed(12, -2.0), {0});
  beam_search(exact, within(40, 1), {.beam = 4});
  EXPECT_LE(model.rows_of_step.size(), exact.rows_of_step.size());
}

TEST(SearchRules, AHypothesissTokenScoresSumToItsOwn) {
  for (const SearchOptions& options :
       {SearchOptions{.beam = 4, .n_best = 4}, SearchOptions{.beam = 3, .no_repeat_ngram = 2},
        SearchOptions{.n_best = 3, .sampling = SamplingOptions{}}}) {
    FormulaModel model(mixed(12), {2});
    const std::vector<SentenceSearch> sentences = {{.limit = 9, .prefix = {5}}};
    const auto found = options.sampling ? sample(model, sentences, options)
                                        : beam_search(model, sentences, options);
    for (const Hypothesis& hypothesis : found[0]) {
      ASSERT_EQ(hypothesis.token_log_probabilities.size(), hypothesis.tokens.size() + 1);
      double sum = 0;
      Prefix prefix;
      for (size_t t = 0; t < hypothesis.token_log_probabilities.size(); ++t) {
        const int token = t < hypothesis.tokens.size() ? hypothesis.tokens[t] : kEos;
        EXPECT_NEAR(hypothesis.token_log_probabilities[t], log_softmax(mixed(12)(2, prefix))[token],
                    1e-5);
        sum += hypothesis.token_log_probabilities[t];
        prefix.push_back(token);
      }
      EXPECT_NEAR(hypothesis.log_probability, sum, 1e-5);
    }
  }
}

TEST(Sampling, TakesTheTokenAtTheDrawnNumberOfWhatIsKept) {
  std::vector<float> row;
  for (const double p : {0.1, 0.4, 0.2, 0.3}) row.push_back(static_cast<float>(std::log(p)));
  const auto at = [&](const SamplingOptions& options, double draw) {
    return drawn_token(row, options, draw);
  };
  // The most probable first: 1 until 0.4, 3 until 0.7, 2 until 0.9, 0.
  EXPECT_EQ(at({}, 0.0), 1);
  EXPECT_EQ(at({}, 0.39), 1);
  EXPECT_EQ(at({}, 0.41), 3);
  EXPECT_EQ(at({}, 0.71), 2);
  EXPECT_EQ(at({}, 0.91), 0);
  EXPECT_EQ(at({}, 0.999999), 0);
  // Two of them: 4/7 and 3/7.
  EXPECT_EQ(at({.top_k = 2}, 0.57), 1);
  EXPECT_EQ(at({.top_k = 2}, 0.58), 3);
  // 0.4 and 0.3 reach 0.6: the same two. 0.4 alone reaches 0.35.
  EXPECT_EQ(at({.top_p = 0.6}, 0.57), 1);
  EXPECT_EQ(at({.top_p = 0.6}, 0.999), 3);
  EXPECT_EQ(at({.top_p = 0.35}, 0.999), 1);
  // Squares at a temperature of one half: 16, 9, 4, 1 of 30.
  EXPECT_EQ(at({.temperature = 0.5}, 0.53), 1);
  EXPECT_EQ(at({.temperature = 0.5}, 0.54), 3);
  EXPECT_EQ(at({.temperature = 0.5}, 0.96), 2);
  EXPECT_EQ(at({.temperature = 0.5}, 0.97), 0);
  row[1] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(at({}, 0.0), 3);
  row.assign(4, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(at({}, 0.5), -1);
}

TEST(Sampling, DrawsTranslationsAsOftenAsTheirProbability) {
  const auto formula = mixed(5, 1.0);
  const int64_t draws = 20000;
  FormulaModel model(formula, {0});
  const auto found =
      sample(model, {{.limit = 4}}, {.n_best = draws, .sampling = SamplingOptions{}});
  ASSERT_EQ(static_cast<int64_t>(found[0].size()), draws);
  std::map<Prefix, double> share;
  for (const Hypothesis& hypothesis : found[0]) share[hypothesis.tokens] += 1.0 / draws;
  for (const Whole& whole : everything(formula, 0, 4)) {
    // Padding and start have a share that is never drawn, and at the last position the end is
    // forced: an independent count of both.
    double expected = 1;
    Prefix prefix;
    for (size_t t = 0; t <= whole.tokens.size(); ++t) {
      const auto scores = log_softmax(formula(0, prefix));
      const int token = t < whole.tokens.size() ? whole.tokens[t] : kEos;
      const double drawn = 1 - std::exp(scores[0]) - std::exp(scores[1]);
      if (t + 1 < 4) expected *= std::exp(scores[token]) / drawn;
      prefix.push_back(token);
    }
    EXPECT_NEAR(share[whole.tokens], expected, 4 * std::sqrt(expected / draws) + 1e-9);
  }
}

TEST(Sampling, ALinesDrawsHangOnSeedAndLineAlone) {
  const SearchOptions options{.n_best = 3, .sampling = SamplingOptions{.seed = 5}};
  std::vector<SentenceSearch> sentences;
  for (uint64_t line : {11, 12, 13, 14}) sentences.push_back({.limit = 20, .stream = line});
  FormulaModel model(mixed(30), {0, 0, 0, 0});  // the same distribution for all
  const auto together = sample(model, sentences, options);
  std::set<Prefix> different;
  for (size_t s = 0; s < 4; ++s) {
    FormulaModel alone(mixed(30), {0});
    const auto again = sample(alone, {sentences[s]}, options)[0];
    ASSERT_EQ(again.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(again[i].tokens, together[s][i].tokens);
      different.insert(again[i].tokens);
      if (i > 0) {
        EXPECT_GE(again[i - 1].score, again[i].score);
      }
    }
  }
  EXPECT_GT(different.size(), 8u);
  FormulaModel other(mixed(30), {0});
  const auto of_seed =
      sample(other, {sentences[0]}, {.n_best = 3, .sampling = SamplingOptions{.seed = 6}})[0];
  EXPECT_NE(of_seed[0].tokens, together[0][0].tokens);
}

TEST(Sampling, OfTheMostProbableTokenIsGreedySearch) {
  for (int64_t sentence = 0; sentence < 10; ++sentence) {
    const SearchOptions rules{.beam = 1, .min_length = 2, .no_repeat_ngram = 2};
    SearchOptions top = rules;
    top.sampling = SamplingOptions{.top_k = 1};
    FormulaModel model(mixed(9, 0.5), {sentence});
    const auto drawn = sample(model, {{.limit = 12, .prefix = {4}}}, top)[0];
    const auto greedy = found_by_beam(mixed(9, 0.5), sentence, {.limit = 12, .prefix = {4}}, rules);
    ASSERT_EQ(drawn.size(), 1u);
    EXPECT_EQ(drawn[0].tokens, greedy[0].tokens);
    EXPECT_NEAR(drawn[0].log_probability, greedy[0].log_probability, 1e-5);
  }
}

TEST(Sampling, GivesNothingWhereTheScoresAreNotNumbers) {
  const Formula broken = [](int64_t, const Prefix&) {
    return std::vector<double>(7, std::nan(""));
  };
  FormulaModel model(broken, {0});
  EXPECT_TRUE(sample(model, {{.limit = 5}}, {.sampling = SamplingOptions{}})[0].empty());
}

TEST(Ensemble, HasTheMeanOfTheModelsProbabilities) {
  const Formula first = mixed(8, 0.5), second = [](int64_t sentence, const Prefix&prefix) {
    return mixed(8)(sentence + 100, prefix);
  };
  const Formula mean = [&](int64_t sentence, const Prefix& prefix) {
    const auto a = log_softmax(first(sentence, prefix)), b = log_softmax(second(sentence, prefix));
    std::vector<double> logits;
    for (size_t v = 0; v < a.size(); ++v)
      logits.push_back(std::log((std::exp(a[v]) + std::exp(b[v])) / 2));
    return logits;
  };
  const SearchOptions options{.beam = 4, .n_best = 4};
  for (int64_t sentence = 0; sentence < 6; ++sentence) {
    FormulaModel one(first, {sentence, sentence + 1}), two(second, {sentence, sentence + 1}),
        both(mean, {sentence, sentence + 1});
    Ensemble ensemble({&one, &two});
    const auto got = beam_search(ensemble, within(10, 2), options);
    const auto wanted = beam_search(both, within(10, 2), options);
    for (size_t s = 0; s < 2; ++s)
      for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(got[s][i].tokens, wanted[s][i].tokens);
        EXPECT_NEAR(got[s][i].score, wanted[s][i].score, 1e-5);
      }
  }
}

}  // namespace penalmt::search_rules_test
