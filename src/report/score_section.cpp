#include <algorithm>

#include <fmt/format.h>

#include "base/significance.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/sections.h"
#include "report/svg.h"

namespace penalmt {
namespace {

using html::escape;

std::string metric_heading(const ReportMetric& metric) {
  return fmt::format(
      "<th scope=\"col\">{} <span aria-hidden=\"true\">{}</span><span class=\"unseen\">, {} is "
      "better</span></th>",
      escape(metric.name), metric.lower_is_better ? "↓" : "↑",
      metric.lower_is_better ? "lower" : "higher");
}

std::string score_cell(const MetricScore& score, const ReportMetric& metric) {
  const bool significant = score.p_value && is_significant(*score.p_value) && !score.equals_first;
  std::string text = fmt::format("<td class=\"score\" data-label=\"{}\">{}{}", escape(metric.name),
                                 fmt::format("{:.{}f}", score.score, metric.digits),
                                 significant ? "<span class=\"star\">*</span>" : "");
  if (score.confidence)
    text += fmt::format(" <small>{:.{}f} ± {:.{}f}</small>", score.confidence->mean, metric.digits,
                        score.confidence->half_width, metric.digits);
  if (score.equals_first)
    text += " <small>the same in every sentence</small>";
  else if (score.p_value)
    text += fmt::format(" <small>{}</small>", p_text(*score.p_value));
  return text + "</td>";
}

std::string score_table(const EvaluationReport& report) {
  const auto lower = [](const ReportMetric& metric) { return metric.lower_is_better; };
  const bool any = std::any_of(report.metrics.begin(), report.metrics.end(), lower);
  const bool all = std::all_of(report.metrics.begin(), report.metrics.end(), lower);
  std::string text = fmt::format(
      "<table class=\"scores sortable\">\n<caption>The whole test "
      "set.{}{}</caption>\n<thead><tr><th "
      "scope=\"col\">System</th>",
      all ? "" : " ↑ higher is better.", any ? " ↓ lower is better." : "");
  for (const ReportMetric& metric : report.metrics) text += metric_heading(metric);
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t s = 0; s < report.systems.size(); ++s) {
    text += fmt::format("<tr><th scope=\"row\">{}</th>", keyed_name(report, s));
    for (std::size_t m = 0; m < report.metrics.size(); ++m)
      text += score_cell(report.systems[s].scores[m], report.metrics[m]);
    text += "</tr>\n";
  }
  return html::scrolled("Scores", text + "</tbody>\n</table>\n");
}

// What ± and p stand for, where the table has them.
std::string explanations(const EvaluationReport& report) {
  bool intervals = false;
  std::size_t tests = 0;
  for (const ReportSystem& system : report.systems)
    for (const MetricScore& score : system.scores)
      intervals |= score.confidence.has_value(),
          tests += score.p_value.has_value() && !score.equals_first;
  std::string text;
  if (intervals)
    text +=
        "<p class=\"note\">Below a score: the mean over bootstrap samples and, after ±, half the "
        "width of the interval "
        "that "
        "holds 95 % of them: how far the score moves when the test sentences are drawn anew (not "
        "when the system is "
        "trained anew).</p>\n";
  if (tests > 0)
    text += fmt::format(
        "<p class=\"note\">p compares with {}{}{}. * marks p ≤ 0.05: were the two systems equally "
        "good, chance "
        "would "
        "give a difference as large as this one in fewer than 5 of 100 cases. It does not say that "
        "the difference is "
        "large, "
        "that readers see it, or that it holds on other test sets or after training with other "
        "seeds.{}</p>\n",
        keyed_name(report, 0), report.significance_test.empty() ? "" : " by ",
        escape(report.significance_test),
        tests > 1 ? fmt::format(" The {} comparisons are not corrected for their number.", tests)
                  : "");
  return text;
}

std::string signatures(const EvaluationReport& report) {
  std::string text = "<h3>Signatures and details</h3>\n<dl class=\"signatures\">\n";
  for (std::size_t m = 0; m < report.metrics.size(); ++m) {
    const ReportMetric& metric = report.metrics[m];
    text += fmt::format("<dt><code>{}</code></dt>\n",
                        html::breakable(metric.name + '|' + metric.signature, "|"));
    for (std::size_t s = 0; s < report.systems.size(); ++s)
      if (const std::string& detail = report.systems[s].scores[m].verbose; !detail.empty())
        text += fmt::format("<dd>{}: {}</dd>\n", keyed_name(report, s), escape(detail));
  }
  return text + "</dl>\n";
}

}  // namespace

std::string keyed_name(const EvaluationReport& report, std::size_t system) {
  const std::string& name = report.systems[system].name;
  return report.systems.size() == 1 ? html::breakable(name, "/._-") : svg::keyed(system, name);
}

std::string score_section(const EvaluationReport& report) {
  const auto told = [](const std::string& table, const std::string& words) {
    return words.empty() ? table
                         : "<div class=\"told\">\n" + table + "<div>" + words + "</div>\n</div>\n";
  };
  return "<section id=\"scores\">\n<h2>Scores</h2>\n" +
         told(score_table(report), explanations(report) + equality_notes(report)) +
         told(signs_table(report), signatures(report)) + "</section>\n";
}

}  // namespace penalmt
