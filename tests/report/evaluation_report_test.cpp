#include "report/evaluation_report.h"

#include <filesystem>
#include <regex>

#include <gtest/gtest.h>

#include "base/files.h"

namespace penalmt {
namespace {

EvaluationReport small_report() {
  EvaluationReport report;
  report.title = "Right & <shuffled>";
  report.source = {"two circles", "a star", "a box"};
  report.references = {{"zwei rote kreise", "ein stern", "ein kasten"}};
  const ReportScore score = {"BLEU", "41.0", "71.0/47.5", "nrefs:1|tok:none"};
  report.systems = {
      {"right", {score}, {{"colour", 3, 4, 0.125}}, {"zwei rote kreise", "ein <stern>", ""}, {"100.0", "5.0", "0.0"}},
      {"shuffled", {score}, {{"colour", 1, 4, 0.125}}, {"zwei grüne kreise", "der stern", "ein kasten"}, {}}};
  return report;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
  return times;
}

TEST(EvaluationReport, ShowsScoresSignatureAndLeftOutWordsBesideChance) {
  const std::string page = evaluation_report(small_report());
  EXPECT_TRUE(holds(page, "<title>Right &amp; &lt;shuffled&gt;</title>"));
  EXPECT_TRUE(holds(page, "<code>BLEU|<wbr>nrefs:1|<wbr>tok:none</code>"));
  EXPECT_EQ(count(page, "<td class=\"score\" data-label=\"BLEU\">41.0</td>"), 2u);
  EXPECT_TRUE(holds(page, "colour<br>chance 12.5 %"));
  EXPECT_TRUE(holds(page, "<strong>75.0 %</strong> <span class=\"quiet\">3 of 4</span>"));
}

TEST(EvaluationReport, MarksTheWordsThatDifferAndEscapesAll) {
  const std::string page = evaluation_report(small_report());
  EXPECT_TRUE(holds(page, "zwei <mark>grüne</mark> kreise"));
  EXPECT_TRUE(holds(page, "ein <mark>&lt;stern&gt;</mark>"));
  EXPECT_TRUE(holds(page, "(empty)"));
}

TEST(EvaluationReport, LoadsNothing) {
  const std::string page = evaluation_report(small_report());
  EXPECT_FALSE(holds(page, "http"));
  EXPECT_FALSE(std::regex_search(page, std::regex("<(script|link|iframe)|url\\(|@import")));
}

TEST(EvaluationReport, EmbedsPicturesAndSaysWhereThereIsNone) {
  const std::filesystem::path picture = std::filesystem::path(testing::TempDir()) / "penalmt_report_test.png";
  write_file(picture, "\x89PNG\r\n\x1A\nxyz");
  EvaluationReport report = small_report();
  report.pictures = {"", picture, ""};
  const std::string page = evaluation_report(report);
  EXPECT_TRUE(holds(page, "src=\"data:image/png;base64,iVBORw0KGgp4eXo=\" alt=\"The picture of sentence 2\""));
  EXPECT_EQ(count(page, "<article"), 1u);  // those with a picture come first
  EXPECT_TRUE(holds(page, "1 of the sentences with a picture"));
  std::filesystem::remove(picture);
}

TEST(EvaluationReport, SamplesAreEvenlySpaced) {
  EvaluationReport report = small_report();
  report.systems.resize(1);
  report.systems[0].hypotheses.assign(100, "a");
  report.systems[0].sentence_scores.clear();
  report.source.clear();
  report.references = {std::vector<std::string>(100, "a")};
  report.samples = 4;
  const std::string page = evaluation_report(report);
  for (const char* id : {"sentence-1\"", "sentence-26\"", "sentence-51\"", "sentence-76\""})
    EXPECT_TRUE(holds(page, id)) << id;
  EXPECT_EQ(count(page, "<article"), 4u);
}

}  // namespace
}  // namespace penalmt
