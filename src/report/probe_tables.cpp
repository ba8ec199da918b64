#include <fmt/format.h>

#include "base/progress.h"
#include "base/significance.h"
#include "report/html.h"
#include "report/page_parts.h"
#include "report/probe_sections.h"
#include "report/svg.h"

namespace penalmt {
namespace {

using html::escape;

constexpr int kWidth = 2;  // digits after the point

std::string cell_text(const MetricScore& score) {
  const bool significant = score.p_value && is_significant(*score.p_value);
  std::string text =
      fmt::format("<td class=\"score\" data-label=\"{}\">{:.{}f}{}", escape(score.name),
                  score.score, kWidth, significant ? "<span class=\"star\">*</span>" : "");
  if (score.confidence)
    text += fmt::format(" <small>{:.{}f} ± {:.{}f}</small>", score.confidence->mean, kWidth,
                        score.confidence->half_width, kWidth);
  if (score.p_value) text += fmt::format(" <small>{}</small>", p_text(*score.p_value));
  return text + "</td>";
}

// With `words` (HTML) about it beside it.
std::string table_of(const std::vector<SystemScores>& rows, const std::string& name,
                     const std::string& caption, const std::string& words) {
  std::string text = fmt::format(
      "<table class=\"scores sortable\">\n<caption>{}</caption>\n<thead><tr><th "
      "scope=\"col\">Images</th>",
      caption);
  const std::vector<MetricScore>& columns = rows.front().scores;
  for (const MetricScore& column : columns)
    text += fmt::format("<th scope=\"col\">{}</th>", escape(column.name));
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    text += fmt::format("<tr><th scope=\"row\">{}</th>", svg::keyed(r, rows[r].system));
    for (const MetricScore& score : rows[r].scores) text += cell_text(score);
    text += "</tr>\n";
  }
  text = "<div class=\"told\">\n" + html::scrolled(name, text + "</tbody>\n</table>\n") + "<div>" +
         words + "<dl class=\"signatures\">\n";
  for (const MetricScore& column : columns)
    text += fmt::format("<dt><code>{}</code></dt><dd>{}</dd>\n", escape(column.name),
                        html::breakable(column.signature, "|"));
  return text + "</dl>\n</div>\n</div>\n";
}

// How sharply the pieces looked, in a sentence; "" where none had more than one region.
std::string sharpness(const AttentionStatistics& attention) {
  if (attention.pieces == 0) return "";
  return fmt::format(
      "Attention over the image has {:.1f} % of the entropy of an even one; the largest weight is "
      "{:.3f} on average, where an even one would have {:.3f}.",
      100 * attention.entropy, attention.largest, attention.largest_if_even);
}

}  // namespace

std::string condition_section(const ProbeReport& report) {
  if (report.scores.empty()) return "";
  std::string words =
      "<p class=\"note\">Below a score: the mean over bootstrap samples of the sentences and, "
      "after ±, half the width of the interval that holds 95 % of them. p compares with the first "
      "row by paired approximate randomisation; * marks p ≤ 0.05. A model that does not look at "
      "its images has the same numbers in all rows.</p>\n";
  for (const std::string& note : report.notes)
    words += "<p class=\"note\">" + escape(note) + "</p>\n";
  return "<section id=\"conditions\">\n<h2>Other images</h2>\n" +
         table_of(report.scores, "Scores by images",
                  "The same sentences with their own images, with others in their place, and with "
                  "none.",
                  words) +
         "</section>\n";
}

std::string contrastive_section(const ProbeReport& report) {
  if (report.contrastive.empty()) return "";
  return "<section id=\"contrastive\">\n<h2>Contrastive pairs</h2>\n" +
         table_of(report.contrastive, "Contrastive pairs by images",
                  "How often the right translation scores higher.",
                  "<p class=\"note\">Ambiguous sentences, each with a translation that fits the "
                  "image and one that does not. Without a look at the image half of them come out "
                  "right.</p>\n") +
         "</section>\n";
}

std::string gate_section(const ProbeReport& report) {
  const GateStatistics& gates = report.gates;
  if (gates.pieces == 0) return "";
  const std::string words = fmt::format(
      "<p>{} of {} looked at an image. The mean gate is {:.3f}; {:.1f} % are open "
      "(above a half). {}</p>\n",
      html::plural(static_cast<std::size_t>(gates.pieces), "piece"),
      report.gates_of_target ? "the translations" : "the sources", gates.mean, 100 * gates.open,
      sharpness(report.attention));
  // Without a table of words the sentences stand in its place.
  std::string text = "<section id=\"gates\">\n<h2>Gates</h2>\n" +
                     (gates.widest.empty() ? "" : words) +
                     "<div class=\"pairs\">\n<figure><figcaption>Pieces by gate</figcaption>\n" +
                     svg::histogram({"gate-histogram",
                                     "Pieces by gate",
                                     "gate",
                                     {gates.histogram.begin(), gates.histogram.end()},
                                     0,
                                     1}) +
                     "</figure>\n";
  if (gates.widest.empty()) text += "<div>" + words + "</div>\n";
  if (!gates.widest.empty()) {
    text +=
        "<div><table class=\"sortable\">\n<caption>Words with the widest "
        "gates</caption>\n<thead><tr><th "
        "scope=\"col\">Word</th><th scope=\"col\">mean gate</th><th "
        "scope=\"col\">times</th></tr></thead>\n<tbody>\n";
    for (const auto& word : gates.widest)
      text += fmt::format("<tr><th scope=\"row\">{}</th><td>{:.3f}</td><td>{}</td></tr>\n",
                          escape(word.word), word.mean, with_commas(word.count));
    text += "</tbody>\n</table></div>\n";
  }
  return text + "</div>\n</section>\n";
}

}  // namespace penalmt
