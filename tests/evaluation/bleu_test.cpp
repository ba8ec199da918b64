#include "evaluation/bleu.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "tests/base/expect_error.h"
#include "tests/evaluation/golden_scores.h"

namespace penalmt::bleu_test {

using Texts = std::vector<std::string>;

const nlohmann::json& golden() {
  static const auto json =
      nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/bleu.json"));
  return json;
}

BleuOptions options_of(const nlohmann::json& json) {
  BleuOptions options;
  options.tokenizer = json.at("tokenize");
  options.lowercase = json.value("lowercase", false);
  options.smooth_method = json.value("smooth_method", "exp");
  if (json.contains("smooth_value") && !json["smooth_value"].is_null())
    options.smooth_value = json["smooth_value"].get<double>();
  options.effective_order = json.value("effective_order", false);
  return options;
}

TEST(Bleu, CorpusScoresAreSacrebleusToTheLastBit) {
  for_each_result(golden(), [](const Texts& hypotheses, const std::vector<Texts>& references,
                               const nlohmann::json& expected) {
    const BleuScore score = corpus_bleu(hypotheses, references, options_of(expected.at("options")));
    EXPECT_EQ(score.score, expected.at("score").get<double>());
    EXPECT_EQ(nlohmann::json(score.correct).get<std::vector<double>>(),
              expected.at("counts").get<std::vector<double>>());
    EXPECT_EQ(nlohmann::json(score.total).get<std::vector<double>>(),
              expected.at("totals").get<std::vector<double>>());
    EXPECT_EQ(nlohmann::json(score.precisions).get<std::vector<double>>(),
              expected.at("precisions").get<std::vector<double>>());
    EXPECT_EQ(score.brevity_penalty, expected.at("bp").get<double>());
    EXPECT_EQ(score.hypothesis_length, expected.at("sys_len").get<int64_t>());
    EXPECT_EQ(score.reference_length, expected.at("ref_len").get<int64_t>());
  });
}

TEST(Bleu, StatisticsAndScoresOfSentencesAreSacrebleus) {
  int64_t sentences = 0;
  for_each_result(golden(), [&](const Texts& hypotheses, const std::vector<Texts>& references,
                                const nlohmann::json& expected) {
    const Bleu bleu(options_of(expected.at("options")), references);
    const Statistics statistics = bleu.statistics(hypotheses);
    for (std::size_t i = 0; i < hypotheses.size(); ++i, ++sentences) {
      SCOPED_TRACE(hypotheses[i]);
      std::vector<double> row(statistics.row(i).begin(), statistics.row(i).end());
      row.push_back(bleu.sentence_score(statistics.row(i)).score);
      EXPECT_EQ(row, expected.at("sentences").at(i).get<std::vector<double>>());
    }
  });
  EXPECT_GE(sentences, 1600);
}

TEST(Bleu, LineAndJsonReadAsSacrebleus) {
  for_each_result(golden(), [](const Texts& hypotheses, const std::vector<Texts>& references,
                               const nlohmann::json& expected) {
    const Bleu bleu(options_of(expected.at("options")), references);
    const MetricScore score = bleu.score(bleu.statistics(hypotheses).sum());
    EXPECT_EQ(score.signature, with_our_version(expected.at("signature")));
    EXPECT_EQ(score_line(score, 2), with_our_version(expected.at("line")));
    EXPECT_EQ(json_lines(score_fields(score, 3)), with_our_version(expected.at("json")));
  });
}

TEST(Bleu, OfTheReferenceItselfIsAHundred) {
  const Texts text = {"Ein Mann geht über die Straße .", "Zwei Hunde spielen im Schnee ."};
  for (const std::string& tokenizer : score_tokenizer_names()) {
    const bool has_model = tokenizer.starts_with("flores") || tokenizer.starts_with("sp");
    const BleuOptions options = {
        .tokenizer = tokenizer,
        .tokenizer_model = has_model ? PENALMT_SOURCE "/tests/golden/pieces.model" : ""};
    EXPECT_NEAR(corpus_bleu(text, References::single(text), options).score, 100, 1e-9);
  }
}

TEST(Bleu, OrderOfSentencesAndOfReferencesDoesNotMatter) {
  const auto& corpus = golden().at("corpora").at(4);
  const auto hypotheses = corpus.at("hypotheses").get<Texts>();
  const auto references = corpus.at("references").get<std::vector<Texts>>();
  const double expected = corpus_bleu(hypotheses, references).score;

  Texts reversed(hypotheses.rbegin(), hypotheses.rend());
  std::vector<Texts> reversed_references;
  for (auto reference = references.rbegin(); reference != references.rend(); ++reference)
    reversed_references.emplace_back(reference->rbegin(), reference->rend());
  EXPECT_EQ(corpus_bleu(reversed, reversed_references).score, expected);
}

// The matches of orders 1 to 4 of one hypothesis, none tokenised.
std::vector<double> matches(const std::string& hypothesis, const Texts& references) {
  std::vector<Texts> texts;
  for (const std::string& reference : references) texts.push_back({reference});
  const auto row = Bleu({.tokenizer = "none"}, texts).statistics({hypothesis}).numbers;
  return {row.begin() + 2, row.begin() + 2 + kMaxOrder};
}

TEST(Bleu, OneMoreReferenceNeverTakesAMatchAway) {
  EXPECT_EQ(matches("a b c d e f", {"a b c"}), (std::vector<double>{3, 2, 1, 0}));
  // By hand: of the 4-grams "c d e f" alone.
  EXPECT_EQ(matches("a b c d e f", {"a b c", "c d e f g"}), (std::vector<double>{6, 5, 3, 1}));
}

TEST(Bleu, ManyDistinctWordsDoNotCollide) {
  std::string line, swapped;
  for (int i = 0; i < 70000; ++i) {
    line += std::to_string(i) + " ";
    swapped += std::to_string(i ^ 1) + " ";  // every pair of neighbours the other way round
  }
  EXPECT_EQ(matches(swapped, {line}), (std::vector<double>{70000, 0, 0, 0}));
}

TEST(Bleu, RefusalsNameWhatWasExpected) {
  const std::vector<Texts> one = {{"a"}};
  expect_error([&] { Bleu({.tokenizer = "13b"}, one); },
               "tokenize: unknown tokenizer; got '13b', expected one of 13a, char, flores101, "
               "flores200, intl, none, spBLEU-1K, spm, zh; did you mean '13a'?");
  expect_error([&] { Bleu({.tokenizer = "klingonisch"}, one); },
               "tokenize: unknown tokenizer; got 'klingonisch', expected one of 13a, char, "
               "flores101, flores200, intl, none, spBLEU-1K, spm, zh");
  expect_error(
      [&] { Bleu({.smooth_method = "linear"}, one); },
      "smooth_method: unknown method; got 'linear', expected one of add-k, exp, floor, none");
  expect_error(
      [&] {
        Bleu({}, one).statistics({"a", "b"});
      },
      "BLEU: hypotheses; got 2 sentences, expected 1 as in the references");
}

}  // namespace penalmt::bleu_test
