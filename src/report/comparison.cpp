#include "report/comparison.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/significance.h"
#include "report/html.h"
#include "report/sections.h"
#include "report/svg.h"

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
  if (cell.equals_first) return "the same";
  return cell.p_value ? fmt::format("p = {:.4f}", *cell.p_value) : "";
}

// "fusion" of "model.fusion", where no other setting is called so.
std::string short_setting(const Comparison& comparison, const std::string& setting) {
  const auto without_part = [](const std::string& name) { return name.substr(name.find('.') + 1); };
  const std::string name = without_part(setting);
  const auto alike =
      std::count_if(comparison.settings.begin(), comparison.settings.end(),
                    [&](const std::string& other) { return without_part(other) == name; });
  const bool is_column =
      std::any_of(comparison.columns.begin(), comparison.columns.end(),
                  [&](const ComparisonColumn& column) { return column.name == name; });
  return alike == 1 && !is_column ? name : setting;
}

std::vector<std::string> notes(const Comparison& comparison, bool has_downloads) {
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
  for (std::size_t c = 0; c < comparison.columns.size(); ++c)
    for (const ComparisonRow& row : comparison.rows)
      if (row.cells.size() > c && row.cells[c].equals_first)
        notes.push_back(fmt::format("{}: {} is {} sentence by sentence; they do not differ.",
                                    comparison.columns[c].name, row.name,
                                    comparison.rows.front().name));
  if (const std::size_t more = comparison.settings.size() - comparison.shown_settings())
    notes.push_back(
        fmt::format("The recipes differ in {} more settings, which are not shown here{}.", more,
                    has_downloads ? " (runs.tsv below has all)" : ""));
  for (const ComparisonColumn& column : comparison.columns)
    if (!column.signature.empty())
      notes.push_back(fmt::format("{}: {}", column.name, column.signature));
  return notes;
}

// With the colour of its runs' curves.
std::string shown_name(const Comparison& comparison, std::size_t row) {
  const std::string& name = comparison.rows[row].name;
  return comparison.rows.size() > 1 ? svg::keyed(row, name) : html::breakable(name, "/._-");
}

std::string html_table(const Comparison& comparison) {
  std::string text =
      "<table class=\"sortable\">\n<thead><tr><th scope=\"col\">Recipe</th><th "
      "scope=\"col\">Seeds</th>";
  for (std::size_t i = 0; i < comparison.shown_settings(); ++i)
    text += fmt::format("<th scope=\"col\">{}</th>",
                        html::breakable(short_setting(comparison, comparison.settings[i]), "._-"));
  for (const ComparisonColumn& column : comparison.columns)
    text += fmt::format("<th scope=\"col\">{}</th>", escape(column.name));
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const ComparisonRow& row = comparison.rows[r];
    text += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>", shown_name(comparison, r),
                        escape(fmt::format("{}", fmt::join(row.seeds, ", "))));
    for (std::size_t i = 0; i < comparison.shown_settings(); ++i)
      text += "<td>" + html::breakable(row.settings[i], "/._-") + "</td>";
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      const ComparisonColumn& column = comparison.columns[c];
      std::string cell = escape(cell_text(row.cells[c], column.digits));
      if (is_best(comparison, r, c)) cell = "<strong>" + cell + "</strong>";
      if (is_starred(row.cells[c])) cell += " *";
      if (row.cells[c].p_value) cell += " <small>" + p_text(row.cells[c]) + "</small>";
      text += "<td>" + cell + "</td>";
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table>";
}

// The runs of a row have its colour.
TrainingCurves curves_of(const Comparison& comparison) {
  TrainingCurves curves{comparison.runs, std::vector<std::size_t>(comparison.runs.size(), 0), {}};
  curves.best_is_told = true;
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const ComparisonRow& row = comparison.rows[r];
    curves.legend.emplace_back(r, row.name);
    for (const std::size_t run : row.runs) curves.colours[run] = r;
    // A mean over several tells no run's own.
    curves.best_is_told = curves.best_is_told && row.runs.size() < 2;
  }
  return curves;
}

// A line a run.
std::string runs_tsv(const Comparison& comparison) {
  std::vector<std::string> cells = {"recipe", "seed"};
  cells.insert(cells.end(), comparison.settings.begin(), comparison.settings.end());
  for (const ComparisonColumn& column : comparison.columns) cells.push_back(column.name);
  std::string text = tsv_row(cells);
  for (const ComparisonRow& row : comparison.rows)
    for (std::size_t i = 0; i < row.seeds.size(); ++i) {
      cells = {row.name, row.seeds[i]};
      cells.insert(cells.end(), row.settings.begin(), row.settings.end());
      for (const ComparisonCell& cell : row.cells)
        cells.push_back(cell.values.size() == row.seeds.size() ? fmt::format("{}", cell.values[i])
                                                               : "");
      text += tsv_row(cells);
    }
  return text;
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
  for (std::size_t i = 0; i < comparison.shown_settings(); ++i) {
    text += " " + escaped(short_setting(comparison, comparison.settings[i])) + " |";
    rule += " --- |";
  }
  for (const ComparisonColumn& column : comparison.columns) {
    text += " " + escaped(column.name) + " |";
    rule += " ---: |";
  }
  text += "\n" + rule + "\n";
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const ComparisonRow& row = comparison.rows[r];
    text += fmt::format("| {} | {} |", escaped(row.name), fmt::join(row.seeds, ", "));
    for (std::size_t i = 0; i < comparison.shown_settings(); ++i)
      text += " " + escaped(row.settings[i]) + " |";
    for (std::size_t c = 0; c < row.cells.size(); ++c) {
      const std::string cell = cell_text(row.cells[c], comparison.columns[c].digits);
      text += is_best(comparison, r, c) ? " **" + cell + "**" : " " + cell;
      if (row.cells[c].p_value) text += " (" + p_text(row.cells[c]) + ")";
      text += is_starred(row.cells[c]) ? " \\* |" : " |";
    }
    text += "\n";
  }
  text += "\n";
  for (const std::string& note : notes(comparison, /*has_downloads=*/false))
    text += "- " + note + "\n";
  return text;
}

std::string comparison_page(const Comparison& comparison) {
  std::string body = "<h1>Runs compared</h1>\n" +
                     html::scrolled("Runs compared", html_table(comparison)) + "\n<ul>\n";
  for (const std::string& note : notes(comparison, /*has_downloads=*/true))
    body += "<li>" + html::breakable(note, "|") + "</li>\n";
  return html::page(
      "Runs compared",
      body + "</ul>\n" + training_section(curves_of(comparison)) +
          page_footer(comparison.origin, {{"runs.tsv", runs_tsv(comparison)},
                                          {"curves.tsv", curves_tsv(comparison.runs)}}));
}

}  // namespace penalmt
