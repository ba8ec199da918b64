#include "evaluation/ter.h"

#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"

namespace penalmt {
namespace {

using Texts = std::vector<std::string>;

const nlohmann::json& golden() {
  static const auto json = nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/ter.json"));
  return json;
}

TercomOptions options_of(const nlohmann::json& json) {
  return {.normalized = json.at("normalized"),
          .no_punct = json.at("no_punct"),
          .asian_support = json.at("asian_support"),
          .case_sensitive = json.at("case_sensitive")};
}

TerStatistics sum(const std::vector<TerStatistics>& all) {
  TerStatistics total;
  for (const TerStatistics& one : all) total += one;
  return total;
}

// sacreBLEU's text with our version part.
std::string with_our_version(std::string text) {
  for (std::size_t at = 0; (at = text.find("2.6.0", at)) != std::string::npos; at += 1)
    text.replace(at, 5, "penalmt-" PENALMT_VERSION);
  return text;
}

template <class Body>
void for_each_result(Body body) {
  for (const auto& result : golden().at("results")) {
    const auto& corpus = golden().at("corpora").at(result.at("corpus").get<std::size_t>());
    SCOPED_TRACE(corpus.at("name").get<std::string>() + " " + result.at("options").dump());
    body(corpus.at("hypotheses").get<Texts>(), corpus.at("references").get<std::vector<Texts>>(), result);
  }
}

TEST(Ter, CorpusScoresAreSacrebleusToTheLastBit) {
  for_each_result([](const Texts& hypotheses, const std::vector<Texts>& references, const nlohmann::json& expected) {
    const Ter ter(options_of(expected.at("options")), references);
    const TerStatistics total = sum(ter.statistics(hypotheses));
    EXPECT_EQ(ter.score(total), expected.at("score").get<double>());
    EXPECT_EQ(total.edits, expected.at("num_edits").get<double>());
    EXPECT_EQ(total.reference_length, expected.at("ref_length").get<double>());
  });
}

TEST(Ter, StatisticsAndScoresOfSentencesAreSacrebleus) {
  int64_t sentences = 0;
  for_each_result([&](const Texts& hypotheses, const std::vector<Texts>& references, const nlohmann::json& expected) {
    const Ter ter(options_of(expected.at("options")), references);
    const auto statistics = ter.statistics(hypotheses);
    for (std::size_t i = 0; i < hypotheses.size(); ++i, ++sentences) {
      const TerStatistics& one = statistics[i];
      const std::vector<double> row = {one.edits, one.reference_length, ter.score(one)};
      EXPECT_EQ(row, expected.at("sentences").at(i).get<std::vector<double>>()) << hypotheses[i];
    }
  });
  EXPECT_GE(sentences, 1600);
}

TEST(Ter, LineAndJsonReadAsSacrebleus) {
  for_each_result([](const Texts& hypotheses, const std::vector<Texts>& references, const nlohmann::json& expected) {
    const Ter ter(options_of(expected.at("options")), references);
    const MetricScore score = ter.named(ter.score(sum(ter.statistics(hypotheses))));
    EXPECT_EQ(score.signature, with_our_version(expected.at("signature")));
    EXPECT_EQ(score_line(score, 2), with_our_version(expected.at("line")));
    EXPECT_EQ(json_lines(score_fields(score, 3)), with_our_version(expected.at("json")));
  });
}

// The example of Snover et al., section 2: a shift, two substitutions and an insertion against 13 words.
TEST(Ter, OfThePapersExampleIsThatOfThePaper) {
  const Ter ter({}, {{"SAUDI ARABIA denied THIS WEEK information published in the AMERICAN new york times"}});
  const TerStatistics one =
      ter.statistics({"THIS WEEK THE SAUDIS denied information published in the new york times"}).front();
  EXPECT_EQ(one.edits, 4);
  EXPECT_EQ(one.reference_length, 13);
}

TEST(Ter, OfSeveralReferencesTakesTheNearestAndTheirMeanLength) {
  const Ter ter({}, {{"a b c d e"}, {"x y"}});
  EXPECT_EQ(ter.statistics({"x z"}).front(), (TerStatistics{1, 3.5}));
}

// By sacreBLEU, which tokenises a reference twice.
TEST(Ter, ReferencesAreTokenisedTwice) {
  const Ter ter({.normalized = true}, {{"it's\tso"}});
  EXPECT_EQ(ter.statistics({"it's\tso"}).front(), (TerStatistics{2, 3}));
}

TEST(Ter, WithoutReferenceWordsIsAHundredOrNothing) {
  const Ter ter({}, {{""}});
  EXPECT_EQ(ter.score({3, 0}), 100);
  EXPECT_EQ(ter.score({0, 0}), 0);
}

void expect_error(const std::function<void()>& body, const std::string& text) {
  try {
    body();
    ADD_FAILURE() << "no error; expected " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), text);
  }
}

TEST(Ter, RefusalsNameWhatWasExpected) {
  expect_error([] { Ter({}, {}); }, "TER: references; got none, expected one or more");
  expect_error([] { Ter({}, {{"a"}, {"a", "b"}}); }, "TER: references of unequal length; got 2 sentences, expected 1");
  expect_error(
      [] {
        Ter({}, {{"a"}}).statistics({"a", "b"});
      },
      "TER: hypotheses; got 2 sentences, expected 1 as in the references");
}

}  // namespace
}  // namespace penalmt
