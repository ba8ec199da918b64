#include "report/probe_report.h"

#include <regex>

#include <gtest/gtest.h>

#include "report/probe_sections.h"
#include "report/svg.h"
#include "tests/base/temporary_folder.h"
#include "tests/report/page_text.h"
#include "tests/report/sample_probe.h"

namespace penalmt::probe_report_test {

class ProbeReportPage : public testing::Test {
 protected:
  ProbeReport report() const { return sample_probe(folder_.path()); }
  std::string page() const { return probe_report(report()); }
  TemporaryFolder folder_;
};

TEST_F(ProbeReportPage, ShowsEachConditionWithIntervalsAndPValues) {
  const std::string text = page();
  EXPECT_TRUE(holds(
      text, "<td class=\"score\" data-label=\"BLEU\">41.03 <small>41.10 ± 1.20</small></td>"));
  EXPECT_TRUE(holds(text,
                    "<td class=\"score\" data-label=\"BLEU\">30.50<span class=\"star\">*</span> "
                    "<small>30.40 ± 1.10"
                    "</small> <small>p = 0.0123</small></td>"));
  EXPECT_TRUE(holds(text, "<small>p &lt; 0.0001</small>"));
  EXPECT_TRUE(holds(text, "<dt><code>BLEU</code></dt><dd>nrefs:1|<wbr>tok:none</dd>"));
  EXPECT_TRUE(holds(text, "<p class=\"note\">Masked words (color): 449 count.</p>"));
  EXPECT_TRUE(holds(text, "<section id=\"contrastive\">"));
  EXPECT_TRUE(holds(text, "50.00 <small>50.00 ± 0.00</small> <small>p = 0.0625</small>"));
}

TEST_F(ProbeReportPage, ShowsGates) {
  const std::string text = page();
  EXPECT_TRUE(holds(
      text,
      "1,234 pieces of the sources looked at an image. The mean gate is 0.420; 25.0 % are open"));
  EXPECT_TRUE(holds(text, "<title>0.95 to 1: 700 of 1,234</title>"));
  EXPECT_TRUE(holds(text, "<th scope=\"row\">&lt;kreis&gt;</th><td>0.500</td><td>1,200</td>"));
}

TEST_F(ProbeReportPage, LeavesOutWhatWasNotProbed) {
  ProbeReport bare = report();
  bare.scores.clear();
  bare.contrastive.clear();
  bare.gates.pieces = 0;
  bare.sentences.clear();
  const std::string text = probe_report(bare);
  EXPECT_EQ(count(text, "<section"), 0u);
  EXPECT_EQ(count(text, "<li><a"), 0u);
}

TEST_F(ProbeReportPage, TheMostDifferentSentencesComeFirst) {
  const std::string text = page();
  static const std::regex pattern("<article id=\"sentence-([0-9]+)\"");
  std::string order;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
    order += (*match)[1].str() + " ";
  EXPECT_EQ(order, "5 4 1 ");
  EXPECT_TRUE(holds(text, "data-difference=\"33.33\""));  // two of three words in common
  EXPECT_TRUE(holds(text, "<span class=\"quiet\">100 % of the words differ</span>"));
  ProbeReport two = report();
  two.samples = 2;
  EXPECT_EQ(count(probe_report(two), "<article"), 2u);
  EXPECT_TRUE(
      holds(probe_report(two),
            "2 of 3 sentences: those whose translations differ most between right and shuffled"));
}

TEST_F(ProbeReportPage, MarksWhatDiffersAndEscapesAll) {
  const std::string text = page();
  EXPECT_TRUE(holds(text, "ein <b>roter</b> <mark>&lt;stern&gt;</mark>"));
  EXPECT_TRUE(holds(text, "ein <mark><b>blauer</b></mark> <mark>&lt;stern&gt;</mark>"));
  EXPECT_TRUE(holds(text, "<span class=\"quiet\">(empty)</span>"));
  EXPECT_TRUE(holds(text, "<title>What runs/&lt;gated&gt; does"));
}

TEST_F(ProbeReportPage, ATextOnlyModelHasOneTranslationAndNothingToCompare) {
  ProbeReport one = report();
  one.conditions = {"none"};
  for (ProbeSentence& sentence : one.sentences) sentence.translations.resize(1);
  const std::string text = probe_report(one);
  for (const char* part :
       {"words differ", "differ most", "data-difference", "Bold words", "value=\"difference\""})
    EXPECT_FALSE(holds(text, part)) << part;
  EXPECT_TRUE(holds(text, "3 of 3 sentences. <mark>"));
}

TEST_F(ProbeReportPage, ShowsTheOtherImageBesideItsTranslation) {
  EXPECT_TRUE(std::regex_search(
      page(), std::regex("<dd dir=\"auto\" class=\"beside\"><img [^>]*alt=\"The image shuffled of "
                         "sentence 4\"[^>]*><span>ein <mark><b>blauer</b></mark>")));
  EXPECT_EQ(count(page(), "class=\"beside\""), 1u);
}

TEST_F(ProbeReportPage, SaysHowItWasMadeAndBringsItsNumbers) {
  const std::string text = page();
  EXPECT_TRUE(holds(text, "<p>Made 2026-11-26 14:03 UTC by penalmt " PENALMT_VERSION ".</p>"));
  EXPECT_TRUE(holds(text,
                    "<pre tabindex=\"0\">penalmt probe &#39;runs/&lt;gated&gt;&#39; --report "
                    "probe.html</pre>"));
  for (const char* file : {"scores.tsv", "contrastive.tsv", "sentences.tsv"})
    EXPECT_TRUE(holds(text, "<a download=\"" + std::string(file) + "\" href=\"data:text/tab"));
}

TEST_F(ProbeReportPage, LoadsNothing) {
  EXPECT_FALSE(std::regex_search(
      page(), std::regex("https?:|<(link|iframe)|<script src|url\\(|@import|eval\\(")));
  EXPECT_EQ(count(page(), "data:image/png;base64,iVBORw0KGgo"), 3u);
  EXPECT_EQ(count(page(), "no image</figure>"), 1u);
}

// ---- attention
// ------------------------------------------------------------------------------------------------------

std::string strengths(const std::string& grid) {
  static const std::regex pattern(
      "x=\"([0-9]+)\" y=\"([0-9]+)\" width=\"1\" height=\"1\" opacity=\"([0-9.]+)\"");
  std::string text;
  for (std::sregex_iterator match(grid.begin(), grid.end(), pattern), end; match != end; ++match)
    text += (*match)[1].str() + (*match)[2].str() + ":" + (*match)[3].str() + " ";
  return text;
}

TEST(AttentionGrid, IsRowByRowAndStrongWhereItLooked) {
  EXPECT_EQ(strengths(attention_grid({{0.5, 0.25, 0, 0.25}})),
            "00:1.000 10:0.500 01:0.000 11:0.500 ");
  EXPECT_EQ(strengths(attention_grid({{1, 0, 0, 0}, {0, 1, 0, 0}})),
            "00:1.000 10:1.000 01:0.000 11:0.000 ");
}

TEST(AttentionGrid, LeavesAClassTokenOut) {
  EXPECT_EQ(strengths(attention_grid({{0.9, 0.05, 0, 0, 0.05}})),
            "00:1.000 10:0.000 01:0.000 11:1.000 ");
  EXPECT_TRUE(
      holds(attention_grid({std::vector<double>(197, 1 / 197.0)}), "viewBox=\"0 0 14 14\""));
}

TEST(AttentionGrid, DrawsNoOtherNumberOfRegions) {
  EXPECT_EQ(attention_grid({}), "");
  for (const std::size_t regions : {1, 2, 3, 36 + 2})
    EXPECT_EQ(attention_grid({std::vector<double>(regions, 0.1)}), "") << regions;
}

// 2 x 2 cells on the middle half of an image's width, which is four cells.
TEST(AttentionGrid, LiesOnWhatTheModelSaw) {
  const std::string grid = attention_grid({{0.5, 0.25, 0, 0.25}}, {0.25, 0, 0.5, 1});
  EXPECT_TRUE(holds(grid, "viewBox=\"-1 0 4 2\" preserveAspectRatio=\"none\"")) << grid;
  EXPECT_TRUE(holds(grid,
                    "<path class=\"around\" fill-rule=\"evenodd\" "
                    "d=\"M-1 0h4v2h-4zM0 0h2v2h-2z\"/>"))
      << grid;
  EXPECT_EQ(strengths(grid), "00:1.000 10:0.500 01:0.000 11:0.500 ");
  EXPECT_FALSE(holds(attention_grid({{0.5, 0.25, 0, 0.25}}), "around"));
}

TEST_F(ProbeReportPage, SaysThatTheModelSawTheMiddleAlone) {
  constexpr const char* kWords =
      "The model saw the middle of each image alone; what is around it is shaded.";
  EXPECT_FALSE(holds(page(), kWords));
  ProbeReport cropped = report();
  cropped.sentences[0].seen = {0.25, 0, 0.5, 1};
  EXPECT_TRUE(holds(probe_report(cropped), kWords));
}

TEST(PieceList, CarriesEachPiecesMap) {
  const TemporaryFolder folder;
  const ProbeReport report = sample_probe(folder.path());
  const std::string grid = piece_list(report.sentences[0], false),
                    token = piece_list(report.sentences[1], true);
  EXPECT_TRUE(holds(grid, "data-map=\"ffffffff\">"));
  EXPECT_TRUE(holds(grid, "data-map=\"ff000000\">"));
  EXPECT_TRUE(holds(
      grid,
      "<button type=\"button\" class=\"piece inner\" aria-pressed=\"false\" data-map=\"000000ff\">"
      "<span dir=\"auto\">les</span><small>1.00</small><i style=\"width:100%\""));
  EXPECT_TRUE(holds(grid, "Gate of each piece of the source"));
  EXPECT_TRUE(
      holds(token, "data-map=\"ff000000\" title=\"20 % of its attention is on the class token\">"));
  EXPECT_TRUE(holds(token, "<span dir=\"auto\">␣</span>"));
  EXPECT_TRUE(holds(token, "Gate of each piece of the translation"));
  EXPECT_FALSE(holds(piece_list(report.sentences[2], false), "<button"));
  EXPECT_EQ(piece_list({}, false), "");
}

TEST(Histogram, DrawsABarForEachRange) {
  const std::string text = svg::histogram({"id", "Pieces & gates", "gate", {2, 0, 1, 1}, 0, 1});
  EXPECT_EQ(count(text, "<rect"), 4u);
  EXPECT_TRUE(holds(text, "<title id=\"id-title\">Pieces &amp; gates</title>"));
  EXPECT_TRUE(holds(text, "<title>0 to 0.25: 2 of 4</title>"));
  EXPECT_TRUE(holds(text, "height=\"146.0\"><title>0 to 0.25"));  // all the way up
  EXPECT_TRUE(holds(text, "height=\"0.0\"><title>0.25 to 0.5"));
}

}  // namespace penalmt::probe_report_test
