#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/text.h"
#include "report/html.h"
#include "report/images.h"
#include "report/page_parts.h"
#include "report/probe_sections.h"
#include "report/svg.h"
#include "report/word_differences.h"

namespace penalmt {
namespace {

using html::escape;

constexpr std::string_view kWordMark = "\u2581";

// ---- attention
// -----------------------------------------------------------------------------------------------------

// How R regions lie on the image.
struct Grid {
  std::size_t side = 0, first = 0;  // of the cells' weights; side 0: no grid
  std::size_t cells() const { return side * side; }
};

Grid grid_of(std::size_t regions) {
  for (const std::size_t first : {0, 1}) {
    if (regions <= first) continue;
    const auto side =
        static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(regions - first))));
    if (side > 1 && side * side + first == regions) return {side, first};
  }
  return {};
}

// The weights of the grid's cells through the largest of them: from 0 to 1.
std::vector<double> relative(const std::vector<double>& weights, const Grid& grid) {
  std::vector<double> cells(weights.begin() + static_cast<std::ptrdiff_t>(grid.first),
                            weights.end());
  const double largest = *std::max_element(cells.begin(), cells.end());
  for (double& cell : cells) cell = largest > 0 ? std::clamp(cell / largest, 0.0, 1.0) : 0;
  return cells;
}

std::string map_of(const std::vector<double>& weights, const Grid& grid) {
  std::string map;
  for (const double cell : relative(weights, grid))
    map += fmt::format("{:02x}", static_cast<int>(std::lround(255 * cell)));
  return map;
}

// How it is shown; works where scripts run, as the choice of a piece does.
constexpr const char* kAttentionControls =
    "<form class=\"controls\" id=\"attention\" autocomplete=\"off\">\n"
    "<label>Attention as <select name=\"form\"><option value=\"\">colour</option><option "
    "value=\"outline\">outline</option></select></label>\n"
    "<label>Strength <input name=\"strength\" type=\"range\" min=\"0\" max=\"1\" step=\"0.05\" "
    "value=\"0.7\"></label>\n</form>\n";

// ---- which sentences
// -----------------------------------------------------------------------------------------------

// How far two translations differ: the percentage of their words that they do not have in common.
double difference(const ProbeSentence& sentence) {
  if (sentence.translations.size() < 2) return 0;
  const auto one = split_whitespace(sentence.translations[0]),
             other = split_whitespace(sentence.translations[1]);
  if (one.empty() && other.empty()) return 0;
  const auto common = words_in_common(one, other);
  return 100 * (1 - 2.0 * static_cast<double>(std::count(common.begin(), common.end(), true)) /
                        static_cast<double>(one.size() + other.size()));
}

std::vector<const ProbeSentence*> most_different(const ProbeReport& report) {
  std::vector<const ProbeSentence*> order;
  for (const ProbeSentence& sentence : report.sentences) order.push_back(&sentence);
  std::stable_sort(order.begin(), order.end(), [](const ProbeSentence* a, const ProbeSentence* b) {
    return difference(*a) > difference(*b);
  });
  order.resize(std::min(static_cast<std::size_t>(report.samples), order.size()));
  return order;
}

// ---- one sentence
// --------------------------------------------------------------------------------------------------

std::string figure(const ProbeSentence& sentence) {
  if (sentence.image_file.empty()) return "<figure class=\"quiet\">no image</figure>\n";
  const std::string grid = attention_grid(sentence.attention, sentence.seen);
  return fmt::format(
      "<figure><div class=\"photo\">{}{}</div><figcaption>{}{}</figcaption></figure>\n",
      html::image(sentence.image_file, fmt::format("The image of sentence {}", sentence.number)),
      grid, escape(sentence.image_file.filename().string()),
      grid.empty() ? ""
                   : "<br><span class=\"looking\" aria-live=\"polite\">attention, mean over all "
                     "pieces</span>");
}

std::string marked(const std::string& translation, const std::string& reference,
                   const std::string* other) {
  const auto words = split_whitespace(translation);
  const auto right = words_in_common(words, split_whitespace(reference));
  const auto shared = other ? words_in_common(words, split_whitespace(*other))
                            : std::vector<bool>(words.size(), true);
  return marked_words(words, right, shared);
}

// `label` is HTML; `image` stands beside the text.
std::string entry(const char* kind, const std::string& label, const std::string& text,
                  const std::string& image = "") {
  return fmt::format(
      "<div class=\"{}\"><dt><span>{}</span></dt><dd dir=\"auto\"{}>{}{}</dd></div>\n", kind, label,
      image.empty() ? "" : " class=\"beside\"", image,
      image.empty() ? text : "<span>" + text + "</span>");
}

std::string other_image(const ProbeReport& report, const ProbeSentence& sentence, std::size_t c) {
  if (c >= sentence.other_images.size() || sentence.other_images[c].empty()) return "";
  return html::image(sentence.other_images[c], fmt::format("The image {} of sentence {}",
                                                           report.conditions[c], sentence.number));
}

std::string article(const ProbeReport& report, const ProbeSentence& sentence) {
  const bool several = report.conditions.size() > 1;
  std::string text = fmt::format(
      "<article id=\"sentence-{0}\" data-position=\"{0}\" data-length=\"{1}\" "
      "data-image=\"{2}\"{3}>\n{4}<div "
      "class=\"text\">\n<h3><a href=\"#sentence-{0}\">Sentence {5}</a>",
      sentence.number, split_whitespace(sentence.source).size(),
      sentence.image_file.empty() ? "without" : "with",
      several ? fmt::format(" data-difference=\"{:.2f}\"", difference(sentence)) : "",
      figure(sentence), with_commas(static_cast<int64_t>(sentence.number)));
  if (several)
    text += fmt::format(" <span class=\"quiet\">{:.0f} % of the words differ</span>",
                        difference(sentence));
  text += "</h3>\n" + piece_list(sentence, report.gates_of_target) + "<dl" +
          columns_class(report.conditions.size()) + ">\n" +
          entry("given", "Source", escape(sentence.source)) +
          entry("given", "Reference", escape(sentence.reference));
  for (std::size_t c = 0; c < report.conditions.size(); ++c) {
    const std::string* other = several ? &sentence.translations[c == 0 ? 1 : 0] : nullptr;
    text += entry("system",
                  several ? svg::keyed(c, report.conditions[c]) : escape(report.conditions[c]),
                  marked(sentence.translations[c], sentence.reference, other),
                  other_image(report, sentence, c));
  }
  return text + "</dl>\n</div>\n</article>\n";
}

}  // namespace

std::string attention_grid(const std::vector<std::vector<double>>& attention,
                           const ProbeSeen& seen) {
  if (attention.empty()) return "";
  const Grid grid = grid_of(attention.front().size());
  if (grid.side == 0) return "";
  std::vector<double> mean(attention.front().size(), 0);
  for (const auto& weights : attention)
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += weights[i];
  const std::vector<double> cells = relative(mean, grid);
  // In units of a cell, from the grid's upper left: the whole image.
  const auto side = static_cast<double>(grid.side);
  const double width = side / seen.width, height = side / seen.height, left = 0 - seen.left * width,
               top = 0 - seen.top * height;
  std::string text = fmt::format(
      "<svg class=\"heat\" viewBox=\"{:.6g} {:.6g} {:.6g} {:.6g}\" preserveAspectRatio=\"none\" "
      "aria-hidden=\"true\">",
      left, top, width, height);
  if (!seen.is_all())
    text += fmt::format(
        "<path class=\"around\" fill-rule=\"evenodd\" d=\"M{:.6g} "
        "{:.6g}h{:.6g}v{:.6g}h-{:.6g}zM0 0h{}v{}h-{}z\"/>",
        left, top, width, height, width, grid.side, grid.side, grid.side);
  for (std::size_t i = 0; i < grid.cells(); ++i)
    text += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"1\" height=\"1\" opacity=\"{:.3f}\"/>",
                        i % grid.side, i / grid.side, cells[i]);
  return text + "</svg>";
}

std::string piece_list(const ProbeSentence& sentence, bool of_target) {
  if (sentence.pieces.empty()) return "";
  std::string text = fmt::format(
      "<p class=\"quiet pieces-label\">{}</p>\n<div class=\"pieces\">",
      of_target ? "Gate of each piece of the translation" : "Gate of each piece of the source");
  const Grid grid =
      sentence.attention.empty() ? Grid{} : grid_of(sentence.attention.front().size());
  for (std::size_t i = 0; i < sentence.pieces.size(); ++i) {
    std::string_view piece = sentence.pieces[i];
    const bool starts_word = piece.starts_with(kWordMark);
    if (starts_word) piece.remove_prefix(kWordMark.size());
    const std::string name = piece.empty() ? "␣" : escape(piece);
    const std::string inside = fmt::format(
        "<span dir=\"auto\">{}</span><small>{:.2f}</small><i style=\"width:{:.0f}%\" "
        "aria-hidden=\"true\"></i>",
        name, sentence.gates[i], 100 * std::clamp(sentence.gates[i], 0.0, 1.0));
    const char* kind = starts_word ? "piece" : "piece inner";
    if (grid.side == 0)
      text += fmt::format("<span class=\"{}\">{}</span>", kind, inside);
    else
      text += fmt::format(
          "<button type=\"button\" class=\"{}\" aria-pressed=\"false\" "
          "data-map=\"{}\"{}>{}</button>",
          kind, map_of(sentence.attention[i], grid),
          grid.first == 0
              ? ""
              : fmt::format(" title=\"{:.0f} % of its attention is on the class token\"",
                            100 * sentence.attention[i].front()),
          inside);
  }
  return text + "</div>\n";
}

std::string probed_sentence_section(const ProbeReport& report) {
  const auto shown = most_different(report);
  if (shown.empty()) return "";
  const bool several = report.conditions.size() > 1;
  std::string text = fmt::format(
      "<section id=\"sentences\">\n<h2>Sentences</h2>\n<p class=\"note\">{} of {}{}. <mark>Marked "
      "words</mark> are not in "
      "the reference, or not at that place.{}{}{}</p>\n",
      shown.size(), html::plural(report.sentences.size(), "sentence"),
      several ? fmt::format(": those whose translations differ most between {} and {}; chosen for "
                            "that, so no fair sample",
                            escape(report.conditions[0]), escape(report.conditions[1]))
              : "",
      several ? fmt::format(" <b>Bold words</b> differ from the translation with the images {}, "
                            "and of that from {}.",
                            escape(report.conditions[0]), escape(report.conditions[1]))
              : "",
      report.attention.pieces == 0
          ? ""
          : " Choose a piece to see where it looked: the stronger the colour, the more; the mouse "
            "over the image takes the colour away.",
      std::any_of(shown.begin(), shown.end(),
                  [](const ProbeSentence* sentence) { return !sentence->seen.is_all(); })
          ? " The model saw the middle of each image alone; what is around it is shaded."
          : "");
  std::vector<std::pair<std::string, std::string>> keys;
  if (several) keys.emplace_back("difference", "difference");
  keys.emplace_back("position", "position");
  keys.emplace_back("length", "source length");
  if (report.attention.pieces > 0) text += kAttentionControls;
  text += article_controls(keys, true, shown.size()) + "<div id=\"articles\">\n";
  for (const ProbeSentence* sentence : shown) text += article(report, *sentence);
  return text + "</div>\n</section>\n";
}

}  // namespace penalmt
