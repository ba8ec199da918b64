#include "evaluation/chrf.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/evaluation/golden_scores.h"

namespace penalmt::chrf_test {

using Texts = std::vector<std::string>;

ChrfOptions options_of(const nlohmann::json& json) {
  const ChrfOptions defaults;
  return {.char_order = json.value("char_order", defaults.char_order),
          .word_order = json.value("word_order", defaults.word_order),
          .beta = json.value("beta", defaults.beta),
          .lowercase = json.value("lowercase", false),
          .whitespace = json.value("whitespace", false),
          .eps_smoothing = json.value("eps_smoothing", false)};
}

TEST(Chrf, ScoresAndStatisticsAreSacrebleusToTheLastBit) {
  int rows = 0;
  for (const auto& expected : golden_scores().at("chrf")) {
    const auto& corpus = golden_scores().at("corpora").at(expected.at("corpus").get<std::size_t>());
    SCOPED_TRACE(corpus.at("name").get<std::string>() + " " + expected.at("options").dump());
    const Chrf chrf(options_of(expected.at("options")),
                    corpus.at("references").get<std::vector<Texts>>());
    const Statistics statistics = chrf.statistics(corpus.at("systems").at(0).get<Texts>());
    const MetricScore score = chrf.score(statistics.sum());
    EXPECT_EQ(score.score, expected.at("score").get<double>());
    EXPECT_EQ(score.signature, with_our_version(expected.at("signature")));
    EXPECT_EQ(score_line(score, 2), with_our_version(expected.at("line")));
    if (!expected.contains("rows")) continue;
    for (std::size_t i = 0; i < statistics.sentences(); ++i, ++rows) {
      const auto row = statistics.row(i);
      EXPECT_EQ(std::vector<double>(row.begin(), row.end()),
                expected.at("rows").at(i).get<std::vector<double>>());
      EXPECT_EQ(chrf.sentence_score(row).score, expected.at("sentences").at(i).get<double>());
    }
  }
  EXPECT_GE(rows, 500);
}

TEST(Chrf, OfTheReferenceItselfIsAHundred) {
  const Texts text = {"Ein Mann geht über die Straße .", "Zwei Hunde spielen im Schnee ."};
  for (const int word_order : {0, 1, 2}) {
    const Chrf chrf({.word_order = word_order}, References::single(text));
    EXPECT_NEAR(chrf.value(chrf.statistics(text).sum()), 100, 1e-9);
  }
}

TEST(Chrf, NameShowsBetaAndWordOrder) {
  const References one = References::single({"a"});
  EXPECT_EQ(Chrf({}, one).name(), "chrF2");
  EXPECT_EQ(Chrf({.word_order = 2, .beta = 3}, one).name(), "chrF3++");
}

TEST(Chrf, RefusalsNameWhatWasExpected) {
  const auto refusal = [](const ChrfOptions& options) -> std::string {
    try {
      Chrf(options, References::single({"a"}));
      return "none";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal({.char_order = 0}), "chrf char_order: got 0, expected 1 or more");
  EXPECT_EQ(refusal({.word_order = -1}), "chrf word_order: got -1, expected 0 or more");
  EXPECT_EQ(refusal({.beta = 0}), "chrf beta: got 0, expected 1 or more");
}

}  // namespace penalmt::chrf_test
