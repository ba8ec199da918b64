#include "report/evaluation_report.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/text.h"
#include "report/html.h"
#include "report/word_differences.h"

namespace penalmt {
namespace {

using html::escape;
using html::with_thousands;

std::string plural(std::size_t count, const char* noun) {
  return fmt::format("{} {}{}", with_thousands(static_cast<int64_t>(count)), noun, count == 1 ? "" : "s");
}

// ---- scores
// ------------------------------------------------------------------------------------------------------------

// May be broken at its bars.
std::string breakable(const std::string& signature) {
  std::string text;
  for (const std::string_view part : split(signature, '|')) text += (text.empty() ? "" : "|<wbr>") + escape(part);
  return text;
}

std::string score_rows(const EvaluationReport& report) {
  std::string text = "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">System</th>";
  for (const ReportScore& score : report.systems.front().scores)
    text += fmt::format("<th scope=\"col\">{}</th><th scope=\"col\" class=\"left\">Detail</th>", escape(score.metric));
  text += "</tr></thead>\n<tbody>\n";
  for (const ReportSystem& system : report.systems) {
    text += fmt::format("<tr><th scope=\"row\">{}</th>", escape(system.name));
    for (const ReportScore& score : system.scores)
      text += fmt::format("<td class=\"score\" data-label=\"{}\">{}</td><td class=\"left quiet\">{}</td>",
                          escape(score.metric), escape(score.value), escape(score.detail));
    text += "</tr>\n";
  }
  text += "</tbody>\n</table></div>\n<ul class=\"signatures\">\n";
  for (const ReportScore& score : report.systems.front().scores)
    text += fmt::format("<li><code>{}|<wbr>{}</code></li>\n", escape(score.metric), breakable(score.signature));
  return text + "</ul>\n";
}

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string left_out_rows(const EvaluationReport& report) {
  std::string text =
      "<h2>Left-out words</h2>\n<p>Words that the source leaves out and the translation needs: only the picture tells "
      "them. "
      "The line across each bar is chance.</p>\n"
      "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">System</th>";
  for (const ReportAccuracy& accuracy : report.systems.front().left_out)
    text +=
        fmt::format("<th scope=\"col\">{}<br>chance {} %</th>", escape(accuracy.attribute), percent(accuracy.chance));
  text += "</tr></thead>\n<tbody>\n";
  for (const ReportSystem& system : report.systems) {
    text += fmt::format("<tr><th scope=\"row\">{}</th>", escape(system.name));
    for (const ReportAccuracy& accuracy : system.left_out) {
      const double share =
          accuracy.total == 0 ? 0 : static_cast<double>(accuracy.right) / static_cast<double>(accuracy.total);
      text += fmt::format(
          "<td data-label=\"{4} (chance {3} %)\"><strong>{0} %</strong> <span class=\"quiet\">{1} of {2}</span>"
          "<div class=\"bar\" aria-hidden=\"true\"><i style=\"width:{0}%\"></i><b style=\"left:{3}%\"></b></div></td>",
          percent(share), with_thousands(accuracy.right), with_thousands(accuracy.total), percent(accuracy.chance),
          escape(accuracy.attribute));
    }
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table></div>\n";
}

// ---- samples
// -----------------------------------------------------------------------------------------------------------

bool has_picture(const EvaluationReport& report, std::size_t sentence) {
  return !report.pictures.empty() && !report.pictures[sentence].empty();
}

std::vector<std::size_t> chosen_sentences(const EvaluationReport& report) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < report.references.front().size(); ++i)
    if (has_picture(report, i)) candidates.push_back(i);
  if (candidates.empty()) {
    candidates.resize(report.references.front().size());
    std::iota(candidates.begin(), candidates.end(), 0);
  }
  const std::size_t count = std::min<std::size_t>(static_cast<std::size_t>(report.samples), candidates.size());
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < count; ++k) chosen.push_back(candidates[k * candidates.size() / count]);
  return chosen;
}

// The hypothesis with its words marked that the nearest reference does not have in this order.
std::string marked(const std::string& hypothesis, const std::vector<std::vector<std::string>>& references,
                   std::size_t sentence) {
  const auto words = split_whitespace(hypothesis);
  std::vector<bool> common;
  int64_t most = -1;
  for (const auto& reference : references) {
    const std::vector<bool> candidate = words_in_common(words, split_whitespace(reference[sentence]));
    const int64_t count = std::count(candidate.begin(), candidate.end(), true);
    if (count > most) common = candidate, most = count;
  }
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += ' ';
    text += common[i] ? escape(words[i]) : "<mark>" + escape(words[i]) + "</mark>";
  }
  return text.empty() ? "<span class=\"quiet\">(empty)</span>" : text;
}

std::string row(const std::string& label, const std::string& score, const std::string& text) {
  return fmt::format("<dt><span>{}</span><span>{}</span></dt><dd dir=\"auto\">{}</dd>\n", escape(label), escape(score),
                     text);
}

std::string figure(const EvaluationReport& report, std::size_t sentence) {
  if (report.pictures.empty()) return "";
  if (!has_picture(report, sentence)) return "<figure><div class=\"nothing\">no picture</div></figure>\n";
  const std::filesystem::path& picture = report.pictures[sentence];
  return fmt::format(
      "<figure><img src=\"{}\" alt=\"The picture of sentence {}\"><figcaption>{}</figcaption></figure>\n",
      html::data_uri(picture), sentence + 1, escape(picture.filename().string()));
}

std::string sample(const EvaluationReport& report, std::size_t sentence) {
  std::string text = fmt::format("<article id=\"sentence-{}\">\n{}<dl>\n", sentence + 1, figure(report, sentence));
  const std::string number = fmt::format("sentence {}", with_thousands(static_cast<int64_t>(sentence) + 1));
  if (!report.source.empty()) text += row("Source", number, escape(report.source[sentence]));
  for (std::size_t r = 0; r < report.references.size(); ++r) {
    const std::string label = report.references.size() == 1 ? "Reference" : fmt::format("Reference {}", r + 1);
    text += row(label, report.source.empty() && r == 0 ? number : "", escape(report.references[r][sentence]));
  }
  for (const ReportSystem& system : report.systems) {
    const std::string score = system.sentence_scores.empty() ? "" : "BLEU " + system.sentence_scores[sentence];
    text += row(system.name, score, marked(system.hypotheses[sentence], report.references, sentence));
  }
  return text + "</dl>\n</article>\n";
}

}  // namespace

std::string evaluation_report(const EvaluationReport& report) {
  const std::size_t sentences = report.references.front().size();
  std::string body =
      fmt::format("<h1>{}</h1>\n<p class=\"quiet\">{}, {}, {}", escape(report.title), plural(sentences, "sentence"),
                  plural(report.systems.size(), "system"), plural(report.references.size(), "reference"));
  if (!report.pictures.empty()) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < sentences; ++i) found += has_picture(report, i);
    body += fmt::format("; {} of the sentences with a picture", with_thousands(static_cast<int64_t>(found)));
  }
  body += ".</p>\n<h2>Scores</h2>\n" + score_rows(report);
  if (!report.systems.front().left_out.empty()) body += left_out_rows(report);

  const auto chosen = chosen_sentences(report);
  if (!chosen.empty())
    body += fmt::format(
        "<h2>Samples</h2>\n<p>{} of {}, evenly spaced{}. <mark>Marked words</mark> are not in the reference, or not at "
        "that place.</p>\n",
        with_thousands(static_cast<int64_t>(chosen.size())), plural(sentences, "sentence"),
        has_picture(report, chosen.front()) ? " among those with a picture" : "");
  for (const std::size_t sentence : chosen) body += sample(report, sentence);
  return html::page(report.title, body);
}

}  // namespace penalmt
