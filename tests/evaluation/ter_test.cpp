#include "evaluation/ter.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "tests/evaluation/golden_scores.h"

namespace penalmt::ter_test {

using Texts = std::vector<std::string>;

const nlohmann::json& golden() {
  static const auto json =
      nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/ter.json"));
  return json;
}

TercomOptions options_of(const nlohmann::json& json) {
  return {.normalized = json.at("normalized"),
          .no_punct = json.at("no_punct"),
          .asian_support = json.at("asian_support"),
          .case_sensitive = json.at("case_sensitive")};
}

TEST(Ter, CorpusScoresAreSacrebleusToTheLastBit) {
  for_each_result(golden(), [](const Texts& hypotheses, const std::vector<Texts>& references,
                               const nlohmann::json& expected) {
    const Ter ter(options_of(expected.at("options")), references);
    const std::vector<double> total = ter.statistics(hypotheses).sum();
    EXPECT_EQ(ter.value(total), expected.at("score").get<double>());
    EXPECT_EQ(total[0], expected.at("num_edits").get<double>());
    EXPECT_EQ(total[1], expected.at("ref_length").get<double>());
  });
}

TEST(Ter, StatisticsAndScoresOfSentencesAreSacrebleus) {
  int64_t sentences = 0;
  for_each_result(golden(), [&](const Texts& hypotheses, const std::vector<Texts>& references,
                                const nlohmann::json& expected) {
    const Ter ter(options_of(expected.at("options")), references);
    const Statistics statistics = ter.statistics(hypotheses);
    for (std::size_t i = 0; i < hypotheses.size(); ++i, ++sentences) {
      std::vector<double> row(statistics.row(i).begin(), statistics.row(i).end());
      row.push_back(ter.value(statistics.row(i)));
      EXPECT_EQ(row, expected.at("sentences").at(i).get<std::vector<double>>()) << hypotheses[i];
    }
  });
  EXPECT_GE(sentences, 1600);
}

TEST(Ter, LineAndJsonReadAsSacrebleus) {
  for_each_result(golden(), [](const Texts& hypotheses, const std::vector<Texts>& references,
                               const nlohmann::json& expected) {
    const Ter ter(options_of(expected.at("options")), references);
    const MetricScore score = ter.score(ter.statistics(hypotheses).sum());
    EXPECT_EQ(score.signature, with_our_version(expected.at("signature")));
    EXPECT_EQ(score_line(score, 2), with_our_version(expected.at("line")));
    EXPECT_EQ(json_lines(score_fields(score, 3)), with_our_version(expected.at("json")));
  });
}

using Row = std::vector<double>;  // edits, mean length of the references

// The example of Snover et al., section 2: a shift, two substitutions and an insertion against 13
// words.
TEST(Ter, OfThePapersExampleIsThatOfThePaper) {
  const Ter ter(
      {},
      References::single(
          {"SAUDI ARABIA denied THIS WEEK information published in the AMERICAN new york times"}));
  EXPECT_EQ(
      ter.statistics({"THIS WEEK THE SAUDIS denied information published in the new york times"})
          .numbers,
      (Row{4, 13}));
}

TEST(Ter, OfSeveralReferencesTakesTheNearestAndTheirMeanLength) {
  const Ter ter({}, std::vector<Texts>{{"a b c d e"}, {"x y"}});
  EXPECT_EQ(ter.statistics({"x z"}).numbers, (Row{1, 3.5}));
}

// By sacreBLEU, which tokenises a reference twice.
TEST(Ter, ReferencesAreTokenisedTwice) {
  const Ter ter({.normalized = true}, References::single({"it's\tso"}));
  EXPECT_EQ(ter.statistics({"it's\tso"}).numbers, (Row{2, 3}));
}

TEST(Ter, WithoutReferenceWordsIsAHundredOrNothing) {
  const Ter ter({}, References::single({""}));
  EXPECT_EQ(ter.value(Row{3, 0}), 100);
  EXPECT_EQ(ter.value(Row{0, 0}), 0);
}

}  // namespace penalmt::ter_test
