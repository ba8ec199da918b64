#include "report/evaluation_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/sections.h"

namespace penalmt {
namespace {

using html::plural;

std::string headline(const EvaluationReport& report) {
  const std::size_t sentences = report.references.front().size();
  std::string text = fmt::format(
      "<h1>{}</h1>\n<p class=\"quiet\">{}, {}, {}", html::breakable(report.title, "/._-"),
      plural(sentences, "sentence"), plural(report.systems.size(), "system"),
      plural(report.references.size(), "reference"));
  if (!report.images.empty()) {
    const auto missing = std::count_if(report.images.begin(), report.images.end(),
                                       [](const auto& path) { return path.empty(); });
    text += fmt::format("; {} of the sentences with an image",
                        with_commas(static_cast<int64_t>(sentences) - missing));
  }
  return text + ".</p>\n";
}

// The run made the system's translations, by their names.
bool is_of_run(const ReportSystem& system, const Run& run) {
  return system.name == run.name || system.name.starts_with(run.name + "/") ||
         system.name.find("/" + run.name + "/") != std::string::npos;
}

// A run has the colour of the one system that is its; the others take the next ones.
TrainingCurves curves_of(const EvaluationReport& report) {
  TrainingCurves curves{report.runs, {}, {}};
  std::size_t next = report.systems.size();
  for (const Run& run : report.runs) {
    std::vector<std::size_t> made;
    for (std::size_t s = 0; s < report.systems.size(); ++s)
      if (is_of_run(report.systems[s], run)) made.push_back(s);
    curves.colours.push_back(made.size() == 1 ? made.front() : next++);
    curves.legend.emplace_back(curves.colours.back(), run.name);
  }
  return curves;
}

std::string scores_tsv(const EvaluationReport& report) {
  std::string text = tsv_row({"system", "metric", "score", "mean", "half_width", "p", "signature"});
  for (const ReportSystem& system : report.systems)
    for (const MetricScore& score : system.scores) {
      const auto& interval = score.confidence;
      text += tsv_row({system.name, score.name, fmt::format("{}", score.score),
                       interval ? fmt::format("{}", interval->mean) : "",
                       interval ? fmt::format("{}", interval->half_width) : "",
                       score.p_value ? fmt::format("{}", *score.p_value) : "", score.signature});
    }
  return text;
}

std::string groups_tsv(const EvaluationReport& report) {
  std::string text = tsv_row({"groups", "group", "sentences", "system", "metric", "score"});
  for (const ReportBreakdown& breakdown : report.breakdowns)
    for (const ReportGroup& group : breakdown.groups)
      for (std::size_t s = 0; s < group.values.size(); ++s)
        for (std::size_t m = 0; m < group.values[s].size(); ++m)
          if (const auto& value = group.values[s][m])
            text += tsv_row({breakdown.title, group.label, std::to_string(group.sentences),
                             report.systems[s].name, report.metrics[m].name,
                             fmt::format("{}", *value)});
  return text;
}

// The score of each sentence, a column a system.
std::string sentences_tsv(const EvaluationReport& report) {
  std::vector<std::string> cells = {"sentence"};
  for (const ReportSystem& system : report.systems) cells.push_back(system.name);
  std::string text = tsv_row(cells);
  for (std::size_t i = 0; i < report.systems.front().sentence_scores.size(); ++i) {
    cells = {std::to_string(i + 1)};
    for (const ReportSystem& system : report.systems)
      cells.push_back(fmt::format("{:.4f}", system.sentence_scores[i]));
    text += tsv_row(cells);
  }
  return text;
}

}  // namespace

std::string evaluation_report(const EvaluationReport& report) {
  return page_of_sections(report.title, headline(report),
                          {{"scores", "Scores", score_section(report)},
                           {"left-out", "Left-out words", left_out_section(report)},
                           {"groups", "Where the scores come from", breakdown_section(report)},
                           {"training", "Training", training_section(curves_of(report))},
                           {"sentences", "Sentences", sentence_section(report)}},
                          page_footer(report.origin, {{"scores.tsv", scores_tsv(report)},
                                                      {"groups.tsv", groups_tsv(report)},
                                                      {"sentences.tsv", sentences_tsv(report)},
                                                      {"curves.tsv", curves_tsv(report.runs)}}));
}

}  // namespace penalmt
