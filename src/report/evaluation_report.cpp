#include "report/evaluation_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "report/html.h"
#include "report/sections.h"

namespace penalmt {
namespace {

using html::plural;

std::string headline(const EvaluationReport& report) {
  const std::size_t sentences = report.references.front().size();
  std::string text = fmt::format("<h1>{}</h1>\n<p class=\"quiet\">{}, {}, {}", html::breakable(report.title, "/._-"),
                                 plural(sentences, "sentence"), plural(report.systems.size(), "system"),
                                 plural(report.references.size(), "reference"));
  if (!report.pictures.empty()) {
    const auto missing =
        std::count_if(report.pictures.begin(), report.pictures.end(), [](const auto& path) { return path.empty(); });
    text += fmt::format("; {} of the sentences with a picture",
                        html::with_thousands(static_cast<int64_t>(sentences) - missing));
  }
  return text + ".</p>\n";
}

struct Section {
  const char *id, *heading;
  std::string text;
};

std::string contents(const std::vector<Section>& sections) {
  std::string text = "<nav aria-label=\"On this page\"><ul>";
  for (const Section& section : sections)
    if (!section.text.empty()) text += fmt::format("<li><a href=\"#{}\">{}</a></li>", section.id, section.heading);
  return text + "</ul></nav>\n";
}

}  // namespace

std::string evaluation_report(const EvaluationReport& report) {
  const std::vector<Section> sections = {
      {"scores", "Scores", score_section(report)},
      {"left-out", "Left-out words", left_out_section(report)},
      {"groups", "Where the scores come from", breakdown_section(report)},
      {"training", "Training", training_section(report)},
      {"sentences", "Sentences", sentence_section(report)},
  };
  std::string body = "<header>\n" + headline(report) + contents(sections) + "</header>\n<main>\n";
  for (const Section& section : sections) body += section.text;
  return html::page(report.title, body + "</main>\n");
}

}  // namespace penalmt
