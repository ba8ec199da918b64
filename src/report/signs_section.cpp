#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/text.h"
#include "report/html.h"
#include "report/sections.h"

namespace penalmt {
namespace {

struct Lengths {
  int64_t words = 0, words_of_references = 0;  // of each sentence's nearest reference
  int64_t empty = 0;
};

int64_t words_of(const std::string& line) {
  return static_cast<int64_t>(split_whitespace(line).size());
}

Lengths lengths_of(const EvaluationReport& report, const ReportSystem& system) {
  Lengths lengths;
  for (std::size_t i = 0; i < system.hypotheses.size(); ++i) {
    const int64_t words = words_of(system.hypotheses[i]);
    int64_t nearest = words_of(report.references.front()[i]);
    for (const auto& reference : report.references) {
      const int64_t of_this = words_of(reference[i]);
      if (std::abs(of_this - words) < std::abs(nearest - words)) nearest = of_this;
    }
    lengths.words += words;
    lengths.words_of_references += nearest;
    lengths.empty += words == 0;
  }
  return lengths;
}

// "2 first: 7"
std::string counted(int64_t count, int64_t first) {
  if (count == 0) return "<td>0</td>";
  return fmt::format("<td>{} <small>first in line {}</small></td>", with_commas(count),
                     with_commas(first));
}

std::string row(const EvaluationReport& report, std::size_t s) {
  const ReportSystem& system = report.systems[s];
  const Lengths lengths = lengths_of(report, system);
  std::string text = fmt::format(
      "<tr><th scope=\"row\">{}</th><td>{:.1f}</td><td>{}</td><td>{}</td>{}", keyed_name(report, s),
      static_cast<double>(lengths.words) / static_cast<double>(system.hypotheses.size()),
      lengths.words_of_references == 0
          ? "–"
          : fmt::format("{:.3f}", static_cast<double>(lengths.words) /
                                      static_cast<double>(lengths.words_of_references)),
      with_commas(lengths.empty), counted(system.signs.repeating, system.signs.first_repeating));
  if (!report.source.empty()) text += counted(system.signs.copied, system.signs.first_copied);
  return text + "</tr>\n";
}

}  // namespace

std::string signs_table(const EvaluationReport& report) {
  std::string text = fmt::format(
      "<table class=\"sortable\">\n<caption>Signs of what went wrong: too short or too long, "
      "empty, one thing said over and over{}.</caption>\n<thead><tr><th scope=\"col\">System</th>"
      "<th scope=\"col\">Words a sentence</th><th scope=\"col\">of the reference&#39;s</th><th "
      "scope=\"col\">Empty</th><th scope=\"col\">Repetitions</th>{}</tr></thead>\n<tbody>\n",
      report.source.empty() ? "" : ", the source copied",
      report.source.empty() ? "" : "<th scope=\"col\">Copies</th>");
  for (std::size_t s = 0; s < report.systems.size(); ++s) text += row(report, s);
  return html::scrolled("Signs of what went wrong", text + "</tbody>\n</table>\n");
}

std::string equality_notes(const EvaluationReport& report) {
  std::string text;
  for (std::size_t s = 0; s < report.systems.size(); ++s)
    if (const auto& same = report.systems[s].same_as)
      text += fmt::format(
          "<p class=\"note\">{} has the same translations as {}, in all {}: they do not "
          "differ.</p>\n",
          keyed_name(report, s), keyed_name(report, *same),
          html::plural(report.systems[s].hypotheses.size(), "sentence"));
  return text;
}

}  // namespace penalmt
