#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/sections.h"
#include "report/svg.h"

namespace penalmt {
namespace {

using html::escape;
using Field = std::optional<double> RunPoint::*;

svg::Line line_of(const Run& run, std::size_t colour, Field field, const char* what, int digits) {
  svg::Line line{colour, false, {}};
  for (const RunPoint& point : run.points)
    if (const auto& value = point.*field; value && std::isfinite(*value))
      line.points.push_back({static_cast<double>(point.update), *value,
                             fmt::format("{}, update {}: {} {:.{}f}", run.name,
                                         with_commas(point.update), what, *value, digits)});
  return line;
}

// Which of the line's points is that of this update.
std::optional<std::size_t> place_of(const svg::Line& line, const RunPoint& best) {
  for (std::size_t i = 0; i < line.points.size(); ++i)
    if (line.points[i].x == static_cast<double>(best.update)) return i;
  return std::nullopt;
}

// Of the colours that a chart has lines in.
std::string legend(const TrainingCurves& curves, const std::set<std::size_t>& drawn, bool dashes) {
  std::string text = "<ul class=\"legend\">";
  for (const auto& [colour, name] : curves.legend)
    if (drawn.contains(colour)) text += fmt::format("<li>{}</li>", svg::keyed(colour, name));
  const char* sample =
      "<li><svg class=\"dash{}\" viewBox=\"0 0 28 10\" aria-hidden=\"true\"><path class=\"line\" "
      "d=\"M0 "
      "5H28\"/></svg>{}</li>";
  if (dashes)
    text += fmt::format(fmt::runtime(sample), "", "validation") +
            fmt::format(fmt::runtime(sample), " dashed", "training");
  return text + "</ul>\n";
}

// What a chart shows of the runs.
struct Shown {
  std::string id, title;
  Field field;
  Field dashed;  // beside it; null: nothing
  bool lower_is_better;
  int digits;
};

std::string chart(const TrainingCurves& curves, const Shown& shown) {
  const auto& [id, title, field, dashed, lower_is_better, digits] = shown;
  svg::LineChart chart{id, title + " against updates", "", "updates", {}};
  chart.logarithmic = lower_is_better;
  bool any_dashed = false;
  std::set<std::size_t> drawn;
  for (std::size_t r = 0; r < curves.runs.size(); ++r) {
    const Run& run = curves.runs[r];
    if (dashed) {
      chart.lines.push_back(line_of(run, curves.colours[r], dashed, "training nll", digits));
      chart.lines.back().dashed = true;
      any_dashed |= !chart.lines.back().points.empty();
      if (!chart.lines.back().points.empty()) drawn.insert(curves.colours[r]);
    }
    chart.lines.push_back(line_of(run, curves.colours[r], field,
                                  dashed ? "validation nll" : "validation BLEU", digits));
    if (!chart.lines.back().points.empty()) drawn.insert(curves.colours[r]);
    if (const RunPoint* point = best_point(run, field, lower_is_better)) {
      chart.lines.back().best = place_of(chart.lines.back(), *point);
      chart.description += fmt::format("{}: {:.{}f} at best, at update {}. ", run.name,
                                       *(point->*field), digits, with_commas(point->update));
    }
  }
  if (drawn.empty()) return "";
  return fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}{}</figure>\n", escape(title),
                     legend(curves, drawn, any_dashed), svg::line_chart(chart));
}

std::string best_cell(const TrainingCurves& curves, const Run& run, Field field,
                      bool lower_is_better, int digits) {
  const RunPoint* point = best_point(run, field, lower_is_better);
  if (!point) return "<td>–</td>";
  const std::string at = with_commas(point->update);
  return curves.best_is_told
             ? fmt::format("<td>{}</td>", at)
             : fmt::format("<td>{:.{}f} <small>at {}</small></td>", *(point->*field), digits, at);
}

constexpr const char* kMarks =
    "<p class=\"note\">The large mark of a line is its best validation. The others are marked all, "
    "or none where they are many.</p>\n";

std::string run_table(const TrainingCurves& curves) {
  std::string text = fmt::format(
      "<table class=\"sortable\">\n<caption>{}</caption>\n<thead><tr><th scope=\"col\">Run</th>"
      "{}<th scope=\"col\">Hours</th><th scope=\"col\">Lowest nll</th><th scope=\"col\">Highest "
      "BLEU</th></tr></thead>\n<tbody>\n",
      curves.best_is_told ? "At which update the best validation of each run was."
                          : "The best validation of each run, and at which update.",
      curves.best_is_told ? "" : "<th scope=\"col\">Updates</th>");
  for (std::size_t r = 0; r < curves.runs.size(); ++r) {
    const Run& run = curves.runs[r];
    const RunPoint& last = run.points.back();
    text +=
        fmt::format("<tr><th scope=\"row\">{}</th>{}<td>{}</td>{}{}</tr>\n",
                    svg::keyed(curves.colours[r], run.name),
                    curves.best_is_told ? "" : fmt::format("<td>{}</td>", with_commas(last.update)),
                    last.seconds ? fmt::format("{:.2f}", *last.seconds / 3600) : "–",
                    best_cell(curves, run, &RunPoint::valid_nll, true, 3),
                    best_cell(curves, run, &RunPoint::valid_bleu, false, 2));
  }
  return html::scrolled("Runs", text + "</tbody>\n</table>\n");
}

}  // namespace

std::string training_section(const TrainingCurves& curves) {
  if (curves.runs.empty()) return "";
  const std::string nll = chart(curves, {.id = "nll",
                                         .title = "nll, nats per target token (logarithmic axis)",
                                         .field = &RunPoint::valid_nll,
                                         .dashed = &RunPoint::nll,
                                         .lower_is_better = true,
                                         .digits = 3}),
                    bleu = chart(curves, {.id = "bleu",
                                          .title = "Validation BLEU",
                                          .field = &RunPoint::valid_bleu,
                                          .dashed = nullptr,
                                          .lower_is_better = false,
                                          .digits = 2});
  // The table fills the place of a chart that is not there.
  const bool beside = nll.empty() != bleu.empty();
  const std::string table = run_table(curves);
  return "<section id=\"training\">\n<h2>Training</h2>\n<div class=\"pairs\">\n" + nll + bleu +
         (beside ? "<div>" + table + kMarks + "</div>\n</div>\n" : "</div>\n") +
         (beside ? "" : "<div class=\"told\">\n" + table + "<div>" + kMarks + "</div>\n</div>\n") +
         "</section>\n";
}

std::string curves_tsv(const std::vector<Run>& runs) {
  std::string text = tsv_row({"run", "update", "nll", "valid_nll", "valid_bleu", "seconds"});
  const auto cell = [](const std::optional<double>& number) {
    return number ? fmt::format("{}", *number) : "";
  };
  for (const Run& run : runs)
    for (const RunPoint& point : run.points)
      text += tsv_row({run.name, std::to_string(point.update), cell(point.nll),
                       cell(point.valid_nll), cell(point.valid_bleu), cell(point.seconds)});
  return text;
}

}  // namespace penalmt
