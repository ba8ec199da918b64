#include "evaluation/left_out_score.h"

#include <gtest/gtest.h>

namespace penalmt::left_out_score_test {

struct Mark {
  std::string attribute;
  int64_t choices;
};

TEST(LeftOutScore, CountsByAttributeAndStatesChance) {
  const LeftOutScore score =
      score_left_out(std::vector<Mark>{{"colour", 6}, {"colour", 6}, {"count", 4}, {"colour", 6}},
                     {true, false, true, true});
  ASSERT_EQ(score.attributes.size(), 2u);
  EXPECT_EQ(score.attributes[0].name, "colour");
  EXPECT_EQ(score.attributes[0].right, 2);
  EXPECT_EQ(score.attributes[0].total, 3);
  EXPECT_DOUBLE_EQ(score.attributes[0].chance, 1 / 6.0);
  EXPECT_EQ(score.attributes[1].name, "count");
  EXPECT_DOUBLE_EQ(score.attributes[1].accuracy(), 1);
  EXPECT_DOUBLE_EQ(score.attributes[1].chance, 0.25);
  EXPECT_EQ(score.all.right, 3);
  EXPECT_EQ(score.all.total, 4);
  EXPECT_DOUBLE_EQ(score.all.chance, (3 / 6.0 + 1 / 4.0) / 4);
  EXPECT_EQ(to_text(score),
            "colour           2/3    66.7 %   (chance 16.7 %)\n"
            "count            1/1   100.0 %   (chance 25.0 %)\n"
            "all              3/4    75.0 %   (chance 18.8 %)\n");
}

TEST(LeftOutScore, TakesNothing) {
  const LeftOutScore score = score_left_out(std::vector<Mark>{}, {});
  EXPECT_TRUE(score.attributes.empty());
  EXPECT_EQ(score.all.accuracy(), 0);
}

}  // namespace penalmt::left_out_score_test
