#include "report/evaluation_report.h"

#include <regex>

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"
#include "tests/report/page_text.h"
#include "tests/report/sample_report.h"

namespace penalmt::evaluation_report_test {

class EvaluationReportPage : public testing::Test {
 protected:
  EvaluationReport report() const { return sample_report(folder_.path()); }
  std::string page() const { return evaluation_report(report()); }
  TemporaryFolder folder_;
};

// The sentences in the order of the page: "3 1 2 ".
std::string order(const std::string& page) {
  static const std::regex pattern("<article id=\"sentence-([0-9]+)\"");
  std::string text;
  for (std::sregex_iterator match(page.begin(), page.end(), pattern), end; match != end; ++match)
    text += (*match)[1].str() + " ";
  return text;
}

TEST_F(EvaluationReportPage, ShowsScoresWithIntervalsAndPValues) {
  const std::string text = page();
  EXPECT_TRUE(holds(text, "<title>Right &amp; &lt;shuffled&gt;</title>"));
  EXPECT_TRUE(
      holds(text, "<td class=\"score\" data-label=\"BLEU\">41.0 <small>41.1 ± 1.2</small></td>"));
  EXPECT_TRUE(holds(text,
                    "<td class=\"score\" data-label=\"BLEU\">9.5<span class=\"star\">*</span> "
                    "<small>9.4 ± 1.5</small>"
                    " <small>p = 0.0123</small></td>"));
  EXPECT_TRUE(
      holds(text, "<td class=\"score\" data-label=\"TER\">110.5 <small>p = 0.5000</small></td>"));
  EXPECT_TRUE(holds(text, "by paired bootstrap resampling, 1,000 samples. * marks p ≤ 0.05"));
  EXPECT_TRUE(holds(text, "The 2 comparisons are not corrected for their number."));
  EXPECT_TRUE(holds(text, "<code>BLEU|<wbr>nrefs:1|<wbr>tok:none</code>"));
  EXPECT_TRUE(holds(
      text,
      "TER <span aria-hidden=\"true\">↓</span><span class=\"unseen\">, lower is better</span>"));
}

TEST_F(EvaluationReportPage, ExplainsOnlyWhatIsThere) {
  EvaluationReport one = report();
  one.systems.resize(1);
  one.systems[0].scores[0].confidence.reset();
  one.metrics.resize(1);
  one.runs.clear();
  one.breakdowns.clear();
  one.systems[0].left_out.clear();
  const std::string text = evaluation_report(one);
  for (const char* part : {"bootstrap", "p &lt;", "lower is better", "Training", "Left-out",
                           "Where the scores", "Bold"})
    EXPECT_FALSE(holds(text, part)) << part;
}

TEST_F(EvaluationReportPage, ShowsLeftOutWordsBesideChance) {
  const std::string text = page();
  EXPECT_TRUE(holds(text, "colour<br>chance 12.5 %"));
  EXPECT_TRUE(holds(text, "<strong>75.0 %</strong> <span class=\"quiet\">3 of 4</span>"));
}

TEST_F(EvaluationReportPage, ShowsEachMetricByGroups) {
  const std::string text = page();
  EXPECT_TRUE(holds(text, "<caption>BLEU by words in the source</caption>"));
  EXPECT_TRUE(
      holds(text, "<th scope=\"row\" data-sort=\"0\">2</th><td>4</td><td>40.5</td><td>30.2</td>"));
  EXPECT_TRUE(
      holds(text, "<th scope=\"row\" data-sort=\"1\">3–6</th><td>1</td><td>–</td><td>–</td>"));
}

TEST_F(EvaluationReportPage, DrawsTrainingCurvesAndNamesEachRunsBest) {
  const std::string text = page();
  EXPECT_EQ(count(text, "class=\"chart\""), 2u);
  EXPECT_TRUE(holds(text, "<title>text, update 1,000: validation nll 2.500</title>"));
  EXPECT_TRUE(holds(text, "text: 30.00 at best, at update 1,000. </desc>"));
  EXPECT_TRUE(holds(text,
                    "<td>2,000</td><td>4.00</td><td>2.500 <small>at 1,000</small></td><td>30.00 "
                    "<small>at 1,000"));
  EXPECT_TRUE(holds(text, "<td>100</td><td>–</td><td>7.100 <small>at 100</small></td><td>–</td>"));
}

TEST_F(EvaluationReportPage, RunsHaveTheColourOfTheSystemOfTheirNameOrOneOfTheirOwn) {
  EvaluationReport two = report();
  two.runs[1].name = two.systems[1].name = "gated";
  const std::string text = evaluation_report(two);
  EXPECT_TRUE(holds(text, "<g class=\"c2\"><path class=\"line\""));  // "text", no system's name
  EXPECT_TRUE(holds(text, "<g class=\"c1\"><path class=\"line\""));
  EXPECT_FALSE(holds(text, "<g class=\"c0\"><path class=\"line\""));
}

// "text" made "text/test.de".
TEST_F(EvaluationReportPage, ARunHasTheColourOfTheSystemThatIsInItsFolder) {
  EvaluationReport two = report();
  two.systems[1].name = "text/test.de";
  const std::string text = evaluation_report(two);
  EXPECT_TRUE(holds(text, "<g class=\"c1\"><path class=\"line\""));
  EXPECT_TRUE(holds(text, "<g class=\"c2\"><path class=\"line\""));  // "gated"
}

TEST_F(EvaluationReportPage, CountsWhatWentWrong) {
  const std::string text = page();
  EXPECT_TRUE(holds(text, "<th scope=\"col\">Copies</th>"));
  // 13 words of 15: the third sentence is empty.
  EXPECT_TRUE(holds(text, "<td>2.4</td><td>0.857</td><td>1</td><td>0</td><td>0</td></tr>"));
  EXPECT_TRUE(holds(text, "<td>0</td><td>1 <small>first in line 4</small></td><td>0</td></tr>"));
}

TEST_F(EvaluationReportPage, SaysInWordsThatSystemsAreEqual) {
  EvaluationReport two = report();
  two.systems[1].same_as = 0;
  two.systems[1].scores[0].equals_first = true;
  const std::string text = evaluation_report(two);
  EXPECT_TRUE(holds(text, "in all 5 sentences: they do not differ.</p>"));
  EXPECT_TRUE(
      holds(text, "9.5 <small>9.4 ± 1.5</small> <small>the same in every sentence</small>"));
  EXPECT_TRUE(holds(text, "The 2 comparisons") == false);
}

TEST_F(EvaluationReportPage, SaysHowItWasMadeAndBringsItsNumbers) {
  const std::string text = page();
  EXPECT_TRUE(holds(text, "<p>Made 2026-11-26 14:03 UTC by penalmt " PENALMT_VERSION ".</p>"));
  EXPECT_TRUE(holds(text, "penalmt evaluate --report &#39;a &amp; b.html&#39;</pre>"));
  for (const char* file : {"scores.tsv", "groups.tsv", "sentences.tsv", "curves.tsv"})
    EXPECT_TRUE(holds(text, "<a download=\"" + std::string(file) + "\" href=\"data:text/tab"));
  EXPECT_EQ(page_footer({}, {{"empty.tsv", "heading\n"}}), "");
  EXPECT_EQ(tsv_row({"a\tb", "c\nd", ""}), "a b\tc d\t\n");
}

TEST_F(EvaluationReportPage, MarksTheWordsThatDifferAndEscapesAll) {
  const std::string text = page();
  EXPECT_TRUE(holds(
      text, "zwei <mark><b>grüne</b></mark> kreise"));  // wrong, and the other system's is another
  EXPECT_TRUE(holds(text, "zwei <b>rote</b> kreise"));  // right, and the other system's is another
  EXPECT_TRUE(holds(text, "<b>ein</b> <mark><b>&lt;stern&gt;</b></mark>"));
  EXPECT_TRUE(holds(text, "(empty)"));
}

TEST_F(EvaluationReportPage, LoadsNothing) {
  const std::string text =
      std::regex_replace(page(), std::regex("https://a.example"), "");  // a source sentence
  EXPECT_FALSE(std::regex_search(
      text, std::regex("https?:|<(link|iframe)|<script src|url\\(|@import|eval\\(")));
  EXPECT_TRUE(holds(text, "content=\"default-src 'none'; img-src data:;"));
}

TEST_F(EvaluationReportPage, EmbedsImagesAndSaysWhereThereIsNone) {
  const std::string text = page();
  EXPECT_TRUE(
      holds(text, "alt=\"The image of sentence 2\" width=\"2\" height=\"1\" class=\"pixels\">"));
  EXPECT_EQ(count(text, "data:image/png;base64,iVBORw0KGgo"), 1u);
  EXPECT_EQ(count(text, "no image</figure>"), 4u);
  EXPECT_TRUE(holds(text, "1 of the sentences with an image"));
}

TEST_F(EvaluationReportPage, SeveralSystemsShowWhereTheyDifferMost) {
  EvaluationReport two = report();
  EXPECT_EQ(order(evaluation_report(two)), "3 1 4 5 2 ");  // differences 100, 70, 59.75, 1, 0
  two.samples = 2;
  const std::string text = evaluation_report(two);
  EXPECT_EQ(order(text), "3 1 ");
  EXPECT_TRUE(
      holds(text, "The 2 of 5 sentences in which the systems&#39; sentence BLEU differs most"));
  EXPECT_TRUE(holds(text,
                    "<td>2 <small>40.0 %</small></td><td>1 <small>20.0 %</small></td><td>2 "
                    "<small>40.0 %</small>"));
  two.sentence_metric = 1;  // TER: less is better
  two.systems[1].sentence_scores = {99, 4, 0, 40.25, 50};
  EXPECT_TRUE(
      holds(evaluation_report(two),
            "<td>2 <small>40.0 %</small></td><td>3 <small>60.0 %</small></td><td>0 <small>"));
}

TEST_F(EvaluationReportPage, OneSystemShowsSentencesEvenlySpacedAmongThoseWithAnImage) {
  EvaluationReport one = report();
  one.systems.resize(1);
  EXPECT_EQ(order(evaluation_report(one)), "2 ");
  one.images.clear();
  one.source.clear();
  one.systems[0].hypotheses.assign(100, "a");
  one.systems[0].sentence_scores.clear();
  one.references = {std::vector<std::string>(100, "a")};
  one.samples = 4;
  EXPECT_EQ(order(evaluation_report(one)), "1 26 51 76 ");
  one.samples = 0;
  EXPECT_EQ(order(evaluation_report(one)), "");
}

}  // namespace penalmt::evaluation_report_test
