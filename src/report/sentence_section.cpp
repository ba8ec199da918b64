#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/text.h"
#include "report/html.h"
#include "report/images.h"
#include "report/page_parts.h"
#include "report/sections.h"
#include "report/word_differences.h"

namespace penalmt {
namespace {

using html::escape;

std::size_t sentence_count(const EvaluationReport& report) {
  return report.references.front().size();
}

bool has_image(const EvaluationReport& report, std::size_t sentence) {
  return !report.images.empty() && !report.images[sentence].empty();
}

bool has_scores(const EvaluationReport& report) {
  return !report.systems.front().sentence_scores.empty();
}

bool is_comparison(const EvaluationReport& report) {
  return report.systems.size() > 1 && has_scores(report);
}

const ReportMetric& sentence_metric(const EvaluationReport& report) {
  return report.metrics[report.sentence_metric];
}

// Between the highest and the lowest of the systems' scores.
double difference(const EvaluationReport& report, std::size_t sentence) {
  double low = report.systems.front().sentence_scores[sentence], high = low;
  for (const ReportSystem& system : report.systems) {
    low = std::min(low, system.sentence_scores[sentence]);
    high = std::max(high, system.sentence_scores[sentence]);
  }
  return high - low;
}

// ---- how often which system is better
// -------------------------------------------------------------------------------

std::string comparison_row(const EvaluationReport& report, std::size_t system) {
  const auto& scores = report.systems[system].sentence_scores;
  const auto& baseline = report.systems.front().sentence_scores;
  int64_t higher = 0, same = 0, lower = 0;
  for (std::size_t i = 0; i < scores.size(); ++i)
    ++(scores[i] > baseline[i] ? higher : scores[i] < baseline[i] ? lower : same);
  if (sentence_metric(report).lower_is_better) std::swap(higher, lower);
  const auto share = [&](int64_t count) {
    return fmt::format("<td>{} <small>{:.1f} %</small></td>", with_commas(count),
                       100 * static_cast<double>(count) / static_cast<double>(scores.size()));
  };
  return fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}</tr>\n", keyed_name(report, system),
                     share(higher), share(same), share(lower));
}

std::string comparison_table(const EvaluationReport& report) {
  std::string text = fmt::format(
      "<table class=\"sortable\">\n<caption>In how many sentences a system scores better, the same "
      "or worse than {}, "
      "by "
      "sentence {}.</caption>\n<thead><tr><th scope=\"col\">System</th><th "
      "scope=\"col\">better</th><th "
      "scope=\"col\">the "
      "same</th><th scope=\"col\">worse</th></tr></thead>\n<tbody>\n",
      keyed_name(report, 0), escape(sentence_metric(report).name));
  for (std::size_t s = 1; s < report.systems.size(); ++s) text += comparison_row(report, s);
  return html::scrolled("Sentence by sentence", text + "</tbody>\n</table>\n");
}

// ---- which sentences are shown
// --------------------------------------------------------------------------------------

std::vector<std::size_t> evenly_spaced(const EvaluationReport& report) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < sentence_count(report); ++i)
    if (has_image(report, i)) candidates.push_back(i);
  if (candidates.empty()) {
    candidates.resize(sentence_count(report));
    std::iota(candidates.begin(), candidates.end(), 0);
  }
  const std::size_t count = std::min(static_cast<std::size_t>(report.samples), candidates.size());
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < count; ++k)
    chosen.push_back(candidates[k * candidates.size() / count]);
  return chosen;
}

std::vector<std::size_t> most_different(const EvaluationReport& report) {
  std::vector<std::size_t> order(sentence_count(report));
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> differences;
  for (const std::size_t i : order) differences.push_back(difference(report, i));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return differences[a] > differences[b]; });
  order.resize(std::min(static_cast<std::size_t>(report.samples), order.size()));
  return order;
}

std::string note(const EvaluationReport& report, const std::vector<std::size_t>& chosen) {
  const auto shown = with_commas(static_cast<int64_t>(chosen.size()));
  const auto all = html::plural(sentence_count(report), "sentence");
  std::string text =
      is_comparison(report)
          ? fmt::format(
                "The {} of {} in which the systems&#39; sentence {} differs most (best less "
                "worst): chosen "
                "for that, so no fair sample of either.",
                shown, all, escape(sentence_metric(report).name))
          : fmt::format("{} of {}, evenly spaced{}.", shown, all,
                        has_image(report, chosen.front()) ? " among those with an image" : "");
  text += " <mark>Marked words</mark> are not in the reference, or not at that place.";
  if (report.systems.size() > 1)
    text += report.systems.size() == 2
                ? " <b>Bold words</b> differ from the other system&#39;s translation."
                : " <b>Bold words</b> are those of no other system.";
  return "<p class=\"note\">" + text + "</p>\n";
}

// ---- one sentence
// ---------------------------------------------------------------------------------------------------

// For each word: true where it is in common with the nearest reference.
std::vector<bool> right_words(const EvaluationReport& report,
                              const std::vector<std::string_view>& words, std::size_t sentence) {
  std::vector<bool> right;
  int64_t most = -1;
  for (const auto& reference : report.references) {
    const std::vector<bool> common = words_in_common(words, split_whitespace(reference[sentence]));
    const int64_t count = std::count(common.begin(), common.end(), true);
    if (count > most) right = common, most = count;
  }
  return right;
}

// For each word: true where another system has it too.
std::vector<bool> shared_words(const EvaluationReport& report,
                               const std::vector<std::string_view>& words, std::size_t system,
                               std::size_t sentence) {
  std::vector<bool> shared(words.size(), report.systems.size() == 1);
  for (std::size_t other = 0; other < report.systems.size(); ++other) {
    if (other == system) continue;
    const auto common =
        words_in_common(words, split_whitespace(report.systems[other].hypotheses[sentence]));
    for (std::size_t i = 0; i < words.size(); ++i) shared[i] = shared[i] || common[i];
  }
  return shared;
}

std::string marked(const EvaluationReport& report, std::size_t system, std::size_t sentence) {
  const auto words = split_whitespace(report.systems[system].hypotheses[sentence]);
  const auto right = right_words(report, words, sentence),
             shared = shared_words(report, words, system, sentence);
  return marked_words(words, right, shared);
}

std::string entry(const char* kind, const std::string& label, const std::string& score,
                  const std::string& text) {
  return fmt::format(
      "<div class=\"{}\"><dt><span>{}</span><span>{}</span></dt><dd dir=\"auto\">{}</dd></div>\n",
      kind, label, score, text);
}

std::string figure(const EvaluationReport& report, std::size_t sentence) {
  if (report.images.empty()) return "";
  if (!has_image(report, sentence)) return "<figure class=\"quiet\">no image</figure>\n";
  const std::filesystem::path& path = report.images[sentence];
  return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                     html::image(path, fmt::format("The image of sentence {}", sentence + 1)),
                     escape(path.filename().string()));
}

std::size_t length(const EvaluationReport& report, std::size_t sentence) {
  return split_whitespace(
             (report.source.empty() ? report.references.front() : report.source)[sentence])
      .size();
}

// What the script sorts and filters by.
std::string sort_keys(const EvaluationReport& report, std::size_t sentence) {
  std::string text =
      fmt::format(" data-position=\"{}\" data-length=\"{}\" data-image=\"{}\"", sentence + 1,
                  length(report, sentence), has_image(report, sentence) ? "with" : "without");
  if (is_comparison(report))
    text += fmt::format(" data-difference=\"{}\"", difference(report, sentence));
  if (has_scores(report))
    for (std::size_t s = 0; s < report.systems.size(); ++s)
      text += fmt::format(" data-score-{}=\"{}\"", s, report.systems[s].sentence_scores[sentence]);
  return text;
}

std::string sentence_article(const EvaluationReport& report, std::size_t sentence) {
  std::string text = fmt::format(
      "<article id=\"sentence-{0}\"{1}>\n{2}<div class=\"text\">\n<h3><a "
      "href=\"#sentence-{0}\">Sentence {3}</a>",
      sentence + 1, sort_keys(report, sentence), figure(report, sentence),
      with_commas(static_cast<int64_t>(sentence) + 1));
  if (is_comparison(report))
    text += fmt::format(" <span class=\"quiet\">{} differs by {:.{}f}</span>",
                        escape(sentence_metric(report).name), difference(report, sentence),
                        sentence_metric(report).digits);
  text += fmt::format("</h3>\n<dl{}>\n", columns_class(report.systems.size()));
  if (!report.source.empty()) text += entry("given", "Source", "", escape(report.source[sentence]));
  for (std::size_t r = 0; r < report.references.size(); ++r)
    text += entry("given",
                  report.references.size() == 1 ? "Reference" : fmt::format("Reference {}", r + 1),
                  "", escape(report.references[r][sentence]));
  for (std::size_t s = 0; s < report.systems.size(); ++s) {
    const std::string score = has_scores(report)
                                  ? fmt::format("{} {:.{}f}", escape(sentence_metric(report).name),
                                                report.systems[s].sentence_scores[sentence],
                                                sentence_metric(report).digits)
                                  : "";
    text += entry("system", keyed_name(report, s), score, marked(report, s, sentence));
  }
  return text + "</dl>\n</div>\n</article>\n";
}

// ---- sorting and filtering
// ------------------------------------------------------------------------------------------

std::string controls(const EvaluationReport& report, std::size_t shown) {
  std::vector<std::pair<std::string, std::string>> keys;
  if (is_comparison(report)) keys.emplace_back("difference", "difference");
  keys.emplace_back("position", "position");
  keys.emplace_back("length", report.source.empty() ? "reference length" : "source length");
  if (has_scores(report))
    for (std::size_t s = 0; s < report.systems.size(); ++s)
      keys.emplace_back(
          fmt::format("score-{}", s),
          fmt::format("{} of {}", sentence_metric(report).name, report.systems[s].name));
  return article_controls(keys, !report.images.empty(), shown);
}

}  // namespace

std::string sentence_section(const EvaluationReport& report) {
  const auto chosen = is_comparison(report) ? most_different(report) : evenly_spaced(report);
  if (chosen.empty() && !is_comparison(report)) return "";
  std::string text = "<section id=\"sentences\">\n<h2>Sentences</h2>\n";
  if (is_comparison(report)) text += comparison_table(report);
  if (!chosen.empty())
    text += note(report, chosen) + controls(report, chosen.size()) + "<div id=\"articles\">\n";
  for (const std::size_t sentence : chosen) text += sentence_article(report, sentence);
  return text + (chosen.empty() ? "" : "</div>\n") + "</section>\n";
}

}  // namespace penalmt
