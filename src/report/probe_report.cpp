#include "report/probe_report.h"

#include <fmt/format.h>

#include "report/html.h"
#include "report/page_parts.h"
#include "report/probe_sections.h"

namespace penalmt {
namespace {

std::string scores_tsv(const std::vector<SystemScores>& rows) {
  std::string text = tsv_row({"images", "measure", "value", "mean", "half_width", "p", "what"});
  for (const SystemScores& row : rows)
    for (const MetricScore& score : row.scores)
      text += tsv_row({row.system, score.name, fmt::format("{}", score.score),
                       score.confidence ? fmt::format("{}", score.confidence->mean) : "",
                       score.confidence ? fmt::format("{}", score.confidence->half_width) : "",
                       score.p_value ? fmt::format("{}", *score.p_value) : "", score.signature});
  return text;
}

std::string sentences_tsv(const ProbeReport& report) {
  std::vector<std::string> cells = {"line", "image", "source", "reference"};
  cells.insert(cells.end(), report.conditions.begin(), report.conditions.end());
  std::string text = tsv_row(cells);
  for (const ProbeSentence& sentence : report.sentences) {
    cells = {std::to_string(sentence.number), sentence.image_file.filename().string(),
             sentence.source, sentence.reference};
    cells.insert(cells.end(), sentence.translations.begin(), sentence.translations.end());
    text += tsv_row(cells);
  }
  return text;
}

}  // namespace

std::string probe_report(const ProbeReport& report) {
  return page_of_sections(
      report.title,
      fmt::format("<h1>{}</h1>\n<p class=\"quiet\">{}</p>\n", html::breakable(report.title, "/._-"),
                  html::breakable(report.summary, "/._-")),
      {{"conditions", "Other images", condition_section(report)},
       {"contrastive", "Contrastive pairs", contrastive_section(report)},
       {"gates", "Gates", gate_section(report)},
       {"sentences", "Sentences", probed_sentence_section(report)}},
      page_footer(report.origin, {{"scores.tsv", scores_tsv(report.scores)},
                                  {"contrastive.tsv", scores_tsv(report.contrastive)},
                                  {"sentences.tsv", sentences_tsv(report)}}));
}

}  // namespace penalmt
