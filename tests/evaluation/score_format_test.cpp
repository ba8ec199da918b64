#include "evaluation/score_format.h"

#include <gtest/gtest.h>

namespace penalmt::score_format_test {

const MetricScore kScore = {"BLEU", 41.0349, "nrefs:1|version:x", "71.0/50.0 (BP = 1.000)"};

TEST(ScoreFormat, WidthRoundsTheScoreAlone) {
  EXPECT_EQ(score_line(kScore, 1), "BLEU|nrefs:1|version:x = 41.0 71.0/50.0 (BP = 1.000)");
  EXPECT_EQ(score_line(kScore, 3), "BLEU|nrefs:1|version:x = 41.035 71.0/50.0 (BP = 1.000)");
  const std::string json =
      R"-({"name": "BLEU", "score": 41.03, "signature": "nrefs:1|version:x", "verbose_score": "71.0/50.0 (BP = 1.000)")-"
      R"-(, "nrefs": "1", "version": "x"})-";
  EXPECT_EQ(json_line(score_fields(kScore, 2)), json);
}

TEST(ScoreFormat, NumbersReadAsPythons) {
  EXPECT_EQ(json_number(41), "41.0");
  EXPECT_EQ(json_number(0.1), "0.1");
  EXPECT_EQ(json_number(41.03), "41.03");
  EXPECT_EQ(json_number(1e-5), "1e-05");
  EXPECT_EQ(json_number(1.0 / 3), "0.3333333333333333");
}

TEST(ScoreFormat, TheTableFramesEverySystem) {
  EXPECT_EQ(score_table({{"a.txt", {kScore}}, {"päth.txt.gz", {kScore}}}, 1),
            "╒═════════════╤════════╕\n"
            "│      System │  BLEU  │\n"
            "╞═════════════╪════════╡\n"
            "│       a.txt │  41.0  │\n"
            "├─────────────┼────────┤\n"
            "│ päth.txt.gz │  41.0  │\n"
            "╘═════════════╧════════╛\n"
            "\n"
            "-----------------\n"
            "Metric signatures\n"
            "-----------------\n"
            " - BLEU       nrefs:1|version:x\n");
}

}  // namespace penalmt::score_format_test
