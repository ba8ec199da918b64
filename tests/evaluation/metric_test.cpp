#include "evaluation/metric.h"

#include <gtest/gtest.h>

#include "evaluation/bleu.h"
#include "tests/base/expect_error.h"

namespace penalmt::metric_test {

using Texts = std::vector<std::string>;

TEST(References, AreThoseOfOneSentence) {
  const References two(std::vector<Texts>{{"a", ""}, {"b", "c"}});
  EXPECT_EQ(two.sentences(), 2u);
  EXPECT_EQ(two.of(1), (std::vector<std::string_view>{"", "c"}));
  EXPECT_EQ(two.count(), "2");
}

TEST(References, AnEmptyLineMayMeanThatThereIsNone) {
  const References some = References::without_empty({{"a", ""}, {"b", "c"}});
  EXPECT_EQ(some.of(0), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_EQ(some.of(1), (std::vector<std::string_view>{"c"}));
  EXPECT_EQ(some.count(), "var");
  EXPECT_EQ(References::without_empty({{"a", ""}, {"", "c"}}).count(), "1");
}

// By sacreBLEU 2.6: BLEU(tokenize="none").corpus_score(["a b c d", "x"], [["a b c e", None], ["a
// b", "x y z"]]).ref_len is 7, and 4 with "" in the place of None, which is nearer to the single
// word.
TEST(References, AMissingOneIsNoEmptyOne) {
  const std::vector<Texts> texts = {{"a b c e", ""}, {"a b", "x y z"}};
  const Bleu missing({.tokenizer = "none"}, References::without_empty(texts)),
      empty({.tokenizer = "none"}, texts);
  const auto length = [](const Bleu& bleu) {
    return bleu.details(bleu.statistics({"a b c d", "x"}).sum()).reference_length;
  };
  EXPECT_EQ(length(missing), 7);
  EXPECT_EQ(length(empty), 4);
  EXPECT_NE(missing.signature().find("nrefs:var|"), std::string::npos);
}

TEST(References, RefusalsNameWhatWasExpected) {
  expect_error([] { References(std::vector<Texts>{}); },
               "references: got none, expected one or more");
  expect_error(
      [] {
        References(std::vector<Texts>{{"a"}, {"a", "b"}});
      },
      "references of unequal length: got 2 sentences, expected 1");
  expect_error(
      [] {
        References::without_empty({{"a", ""}, {"b", ""}});
      },
      "references: sentence 2 has none; expected at least one that is not empty");
}

TEST(Metric, StatisticsDoNotDependOnTheThreads) {
  Texts hypotheses, references;
  for (int i = 0; i < 3000; ++i) {
    hypotheses.push_back("w" + std::to_string(i % 7) + " x y z");
    references.push_back("w" + std::to_string(i % 5) + " x z");
  }
  const Bleu bleu({}, References::single(references));
  EXPECT_EQ(bleu.statistics(hypotheses, 1).numbers, bleu.statistics(hypotheses, 3).numbers);
}

TEST(Metric, ResamplingStandsInTheSignature) {
  EXPECT_EQ(Bleu({}, std::vector<Texts>{{"a"}}).signature("bs:1000|seed:12345"),
            "nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:"
            "penalmt-" PENALMT_VERSION);
}

}  // namespace penalmt::metric_test
