#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/html.h"
#include "report/sections.h"
#include "report/svg.h"

namespace penalmt {
namespace {

using html::escape;

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// The round numbers that cover all values of the metric; empty where it has none.
std::vector<double> scale_of(const ReportBreakdown& breakdown, std::size_t metric) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const ReportGroup& group : breakdown.groups)
    for (const auto& of_system : group.values)
      if (const auto& value = of_system[metric])
        low = std::min(low, *value), high = std::max(high, *value);
  return low > high ? std::vector<double>{} : svg::round_ticks(low, high, 3);
}

std::string row(const EvaluationReport& report, const ReportGroup& group, std::size_t metric,
                std::size_t position, const std::vector<double>& scale) {
  std::string text = fmt::format("<tr><th scope=\"row\" data-sort=\"{}\">{}</th><td>{}</td>",
                                 position, escape(group.label), with_commas(group.sentences));
  std::vector<double> values;
  for (const auto& of_system : group.values) {
    const auto& value = of_system[metric];
    text += value ? fmt::format("<td>{:.{}f}</td>", *value, report.metrics[metric].digits)
                  : "<td>–</td>";
    values.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return text +
         (scale.empty() ? "<td></td>"
                        : "<td class=\"dots\">" + svg::dot_strip(values, scale) + "</td>") +
         "</tr>\n";
}

std::string table(const EvaluationReport& report, const ReportBreakdown& breakdown,
                  std::size_t metric) {
  const std::vector<double> scale = scale_of(breakdown, metric);
  const std::string name = fmt::format("{} by {}", report.metrics[metric].name, breakdown.title);
  std::string text = fmt::format(
      "<table class=\"sortable groups\">\n<caption>{}</caption>\n<thead><tr><th "
      "scope=\"col\">{}</th><th "
      "scope=\"col\">Sen&shy;tences</th>",
      escape(name), escape(capitalised(breakdown.title)));
  for (std::size_t s = 0; s < report.systems.size(); ++s)
    text += fmt::format("<th scope=\"col\">{}</th>", keyed_name(report, s));
  text += fmt::format("<td class=\"dots fixed\">{}</td></tr></thead>\n<tbody>\n",
                      scale.empty() ? "" : svg::dot_strip_axis(scale));
  for (std::size_t g = 0; g < breakdown.groups.size(); ++g)
    text += row(report, breakdown.groups[g], metric, g, scale);
  return html::scrolled(name, text + "</tbody>\n</table>\n");
}

}  // namespace

std::string breakdown_section(const EvaluationReport& report) {
  if (report.breakdowns.empty()) return "";
  std::string text =
      "<section id=\"groups\">\n<h2>Where the scores come from</h2>\n<p class=\"note\">Each group "
      "scored by itself, as "
      "a test "
      "set of its own. Few sentences make an unsteady score.</p>\n";
  // Two tables stand side by side where their columns are few and narrow.
  constexpr std::size_t kNarrow = 12;  // bytes of a name
  const bool narrow =
      report.systems.size() < 3 &&
      std::all_of(report.systems.begin(), report.systems.end(),
                  [](const ReportSystem& system) { return system.name.size() <= kNarrow; });
  text += narrow ? "<div class=\"pairs\">\n" : "<div class=\"pairs single\">\n";
  for (std::size_t m = 0; m < report.metrics.size(); ++m)
    for (const ReportBreakdown& breakdown : report.breakdowns) text += table(report, breakdown, m);
  return text + "</div>\n</section>\n";
}

}  // namespace penalmt
