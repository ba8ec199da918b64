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

}  // namespace

std::string evaluation_report(const EvaluationReport& report) {
  return page_of_sections(report.title, headline(report),
                          {{"scores", "Scores", score_section(report)},
                           {"left-out", "Left-out words", left_out_section(report)},
                           {"groups", "Where the scores come from", breakdown_section(report)},
                           {"training", "Training", training_section(report)},
                           {"sentences", "Sentences", sentence_section(report)}});
}

}  // namespace penalmt
