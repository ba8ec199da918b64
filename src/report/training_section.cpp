#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/sections.h"
#include "report/svg.h"

namespace penalmt {
namespace {

using html::escape;
using Field = std::optional<double> RunPoint::*;

// A run called as a system has its colour; the others take the next ones.
std::vector<std::size_t> colours_of(const EvaluationReport& report) {
  std::vector<std::size_t> colours;
  std::size_t next = report.systems.size();
  for (const Run& run : report.runs) {
    const auto system = std::find_if(report.systems.begin(), report.systems.end(),
                                     [&](const ReportSystem& one) { return one.name == run.name; });
    colours.push_back(system == report.systems.end()
                          ? next++
                          : static_cast<std::size_t>(system - report.systems.begin()));
  }
  return colours;
}

svg::Line line_of(const Run& run, std::size_t colour, Field field, const char* what, int digits) {
  svg::Line line{colour, false, {}};
  for (const RunPoint& point : run.points)
    if (const auto& value = point.*field; value && std::isfinite(*value))
      line.points.push_back({static_cast<double>(point.update), *value,
                             fmt::format("{}, update {}: {} {:.{}f}", run.name,
                                         with_commas(point.update), what, *value, digits)});
  return line;
}

std::string legend(const EvaluationReport& report, const std::vector<std::size_t>& colours,
                   bool dashes) {
  std::string text = "<ul class=\"legend\">";
  for (std::size_t r = 0; r < report.runs.size(); ++r)
    text += fmt::format("<li>{}</li>", svg::keyed(colours[r], report.runs[r].name));
  const char* sample =
      "<li><svg class=\"dash{}\" viewBox=\"0 0 28 10\" aria-hidden=\"true\"><path class=\"line\" "
      "d=\"M0 "
      "5H28\"/></svg>{}</li>";
  if (dashes)
    text += fmt::format(fmt::runtime(sample), "", "validation") +
            fmt::format(fmt::runtime(sample), " dashed", "training");
  return text + "</ul>\n";
}

std::string chart(const EvaluationReport& report, const std::string& id, const std::string& title,
                  Field field, Field dashed, bool lower_is_better, int digits) {
  const auto colours = colours_of(report);
  svg::LineChart chart{id, title + " against updates", "", "updates", {}};
  bool any_dashed = false;
  for (std::size_t r = 0; r < report.runs.size(); ++r) {
    const Run& run = report.runs[r];
    if (dashed) {
      chart.lines.push_back(line_of(run, colours[r], dashed, "training nll", digits));
      chart.lines.back().dashed = true;
      any_dashed |= !chart.lines.back().points.empty();
    }
    chart.lines.push_back(
        line_of(run, colours[r], field, dashed ? "validation nll" : "validation BLEU", digits));
    if (const RunPoint* point = best_point(run, field, lower_is_better))
      chart.description += fmt::format("{}: {:.{}f} at best, at update {}. ", run.name,
                                       *(point->*field), digits, with_commas(point->update));
  }
  if (std::all_of(chart.lines.begin(), chart.lines.end(),
                  [](const svg::Line& line) { return line.points.empty(); }))
    return "";
  return fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}{}</figure>\n", escape(title),
                     legend(report, colours, any_dashed), svg::line_chart(chart));
}

std::string best_cell(const Run& run, Field field, bool lower_is_better, int digits) {
  const RunPoint* point = best_point(run, field, lower_is_better);
  if (!point) return "<td>–</td>";
  return fmt::format("<td>{:.{}f} <small>at {}</small></td>", *(point->*field), digits,
                     with_commas(point->update));
}

std::string run_table(const EvaluationReport& report) {
  const auto colours = colours_of(report);
  std::string text =
      "<table class=\"sortable\">\n<caption>The best validation of each run, and at which "
      "update.</caption>\n<thead><tr><th "
      "scope=\"col\">Run</th>"
      "<th scope=\"col\">Updates</th><th scope=\"col\">Hours</th><th scope=\"col\">Lowest "
      "nll</th><th "
      "scope=\"col\">Highest BLEU</th></tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < report.runs.size(); ++r) {
    const Run& run = report.runs[r];
    const RunPoint& last = run.points.back();
    text += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td>{}{}</tr>\n",
                        svg::keyed(colours[r], run.name), with_commas(last.update),
                        last.seconds ? fmt::format("{:.2f}", *last.seconds / 3600) : "–",
                        best_cell(run, &RunPoint::valid_nll, true, 3),
                        best_cell(run, &RunPoint::valid_bleu, false, 2));
  }
  return html::scrolled("Runs", text + "</tbody>\n</table>\n");
}

}  // namespace

std::string training_section(const EvaluationReport& report) {
  if (report.runs.empty()) return "";
  return "<section id=\"training\">\n<h2>Training</h2>\n<div class=\"pairs\">\n" +
         chart(report, "nll", "nll, nats per target token", &RunPoint::valid_nll, &RunPoint::nll,
               true, 3) +
         chart(report, "bleu", "Validation BLEU", &RunPoint::valid_bleu, nullptr, false, 2) +
         "</div>\n" + run_table(report) + "</section>\n";
}

}  // namespace penalmt
