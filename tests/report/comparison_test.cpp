#include "report/comparison.h"

#include <gtest/gtest.h>

namespace penalmt::comparison_test {

Comparison two_recipes() {
  return {.columns = {{"nll", 2, ComparisonColumn::Best::kLowest}, {"a|b BLEU", 1}},
          .rows = {{"text", {"1", "2"}, {{{1.5, 1.7}, {}}, {{40, 41}, {}}}},
                   {"gated", {"1"}, {{{1.6}, {}}, {{42}, 0.04}}}},
          .test = "a test"};
}

TEST(Comparison, CellsShowMeanAndDeviation) {
  EXPECT_EQ(cell_text({{1, 2, 4}, {}}, 2), "2.33 ± 1.53");  // sqrt((1.78 + 0.11 + 2.78) / 2)
  EXPECT_EQ(cell_text({{40.25}, {}}, 1), "40.2");
  EXPECT_EQ(cell_text({{}, {}}, 1), "–");
}

TEST(Comparison, MarkdownMarksTheBestAndTheSignificant) {
  EXPECT_EQ(comparison_markdown(two_recipes()),
            "| recipe | seeds | nll | a\\|b BLEU |\n"
            "| --- | --- | ---: | ---: |\n"
            "| text | 1, 2 | **1.60 ± 0.14** | 40.5 ± 0.7 |\n"
            "| gated | 1 | **1.60** | **42.0** (p = 0.0400) \\* |\n"
            "\n"
            "- Mean ± standard deviation over the seeds (of a sample: divided by one less than "
            "their number).\n"
            "- The best mean of a column is bold.\n"
            "- p and the star for p ≤ 0.05: against text, a test.\n");
}

TEST(Comparison, PageShowsTheSame) {
  Comparison comparison = two_recipes();
  comparison.rows[0].name = "<text>";
  const std::string page = comparison_page(comparison);
  for (const char* part :
       {"&lt;text&gt;</span></th>", "<strong>42.0</strong> * <small>p = 0.0400</small>",
        "<th scope=\"col\">a|b BLEU</th>", "against &lt;text&gt;"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

}  // namespace penalmt::comparison_test
