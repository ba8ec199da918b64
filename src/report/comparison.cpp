#include "report/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/significance.h"
#include "report/html.h"
#include "report/sections.h"

namespace penalmt {
namespace {

using html::escape;
using Best = ComparisonColumn::Best;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation(const std::vector<double>& values) {
  const double centre = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

// Whether the row has the best mean of its column, as printed; a single row is no best.
bool is_best(const Comparison& comparison, std::size_t row, std::size_t column) {
  const ComparisonColumn& about = comparison.columns[column];
  const auto printed = [&](const ComparisonCell& cell) {
    return std::stod(fmt::format("{:.{}f}", mean(cell.values), about.digits));
  };
  const ComparisonCell& own = comparison.rows[row].cells[column];
  if (about.best == Best::kNone || comparison.rows.size() < 2 || own.values.empty()) return false;
  return std::all_of(comparison.rows.begin(), comparison.rows.end(),
                     [&](const ComparisonRow& other) {
                       const ComparisonCell& cell = other.cells[column];
                       if (cell.values.empty()) return true;
                       return about.best == Best::kLowest ? printed(own) <= printed(cell)
                                                          : printed(own) >= printed(cell);
                     });
}

bool is_starred(const ComparisonCell& cell) {
  return cell.p_value && is_significant(*cell.p_value);
}

std::string p_text(const ComparisonCell& cell) {
  return cell.p_value ? fmt::format("p = {:.4f}", *cell.p_value) : "";
}

std::vector<std::string> notes(const Comparison& comparison) {
  std::vector<std::string> notes;
  if (std::any_of(comparison.rows.begin(), comparison.rows.end(),
                  [](const ComparisonRow& row) { return row.seeds.size() > 1; }))
    notes.push_back(
        "Mean ± standard deviation over the seeds (of a sample: divided by one less than their "
        "number).");
  if (comparison.rows.size() > 1) notes.push_back("The best mean of a column is bold.");
  if (!comparison.test.empty())
    notes.push_back(fmt::format("p and the star for p ≤ 0.05: against {}, {}.",
                                comparison.rows.front().name, comparison.test));
  for (const ComparisonColumn& column : comparison.columns)
    if (!column.signature.empty())
      notes.push_back(fmt::format("{}: {}", column.name, column.signature));
  return notes;
}

std::string html_table(const Comparison& comparison) {
  std::string text =
      "<table class=\"sortable\">\n<thead><tr><th scope=\"col\">Recipe</th><th "
      "scope=\"col\">Seeds</th>";
  for (const ComparisonColumn& column : comparison.columns)
    text += fmt::format("<th scope=\"col\">{}</th>", escape(column.name));
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const ComparisonRow& row = comparison.rows[r];
    text += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>", escape(row.name),
                        escape(fmt::format("{}", fmt::join(row.seeds, ", "))));
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      const ComparisonColumn& column = comparison.columns[c];
      std::string cell = escape(cell_text(row.cells[c], column.digits));
      if (is_best(comparison, r, c)) cell = "<strong>" + cell + "</strong>";
      if (is_starred(row.cells[c])) cell += " *";
      if (row.cells[c].p_value) cell += "<small>" + p_text(row.cells[c]) + "</small>";
      text += "<td>" + cell + "</td>";
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table>";
}

}  // namespace

std::string cell_text(const ComparisonCell& cell, int digits) {
  if (cell.values.empty()) return "–";
  std::string text = fmt::format("{:.{}f}", mean(cell.values), digits);
  if (cell.values.size() > 1) text += fmt::format(" ± {:.{}f}", deviation(cell.values), digits);
  return text;
}

std::string comparison_markdown(const Comparison& comparison) {
  const auto escaped = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
      text.insert(at, "\\");
    return text;
  };
  std::string text = "| recipe | seeds |", rule = "| --- | --- |";
  for (const ComparisonColumn& column : comparison.columns) {
    text += " " + escaped(column.name) + " |";
    rule += " ---: |";
  }
  text += "\n" + rule + "\n";
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const ComparisonRow& row = comparison.rows[r];
    text += fmt::format("| {} | {} |", escaped(row.name), fmt::join(row.seeds, ", "));
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      const std::string cell = cell_text(row.cells[c], comparison.columns[c].digits);
      text += is_best(comparison, r, c) ? " **" + cell + "**" : " " + cell;
      if (row.cells[c].p_value) text += " (" + p_text(row.cells[c]) + ")";
      text += is_starred(row.cells[c]) ? " \\* |" : " |";
    }
    text += "\n";
  }
  text += "\n";
  for (const std::string& note : notes(comparison)) text += "- " + note + "\n";
  return text;
}

std::string comparison_page(const Comparison& comparison) {
  std::string body = "<h1>Runs compared</h1>\n" +
                     html::scrolled("Runs compared", html_table(comparison)) + "\n<ul>\n";
  for (const std::string& note : notes(comparison))
    body += "<li>" + html::breakable(note, "|") + "</li>\n";
  EvaluationReport curves;
  curves.runs = comparison.runs;
  return html::page("Runs compared", body + "</ul>\n" + training_section(curves));
}

}  // namespace penalmt
