#include "report/page_parts.h"

#include <fmt/format.h>

#include "report/html.h"

namespace penalmt {
namespace {

std::string option(const std::string& value, const std::string& text) {
  return fmt::format("<option value=\"{}\">{}</option>", value, html::escape(text));
}

}  // namespace

std::string page_of_sections(const std::string& title, const std::string& headline,
                             const std::vector<PageSection>& sections, const std::string& footer) {
  std::string links, texts;
  for (const PageSection& section : sections) {
    if (section.text.empty()) continue;
    links += fmt::format("<li><a href=\"#{}\">{}</a></li>", section.id, section.heading);
    texts += section.text;
  }
  return html::page(
      title,
      fmt::format("<header>\n{}<nav aria-label=\"On this page\"><ul>{}</ul></nav>\n</header>\n"
                  "<main>\n{}</main>\n{}",
                  headline, links, texts, footer));
}

std::string columns_class(std::size_t translations) {
  if (translations < 2) return "";
  return translations % 3 == 0 ? " class=\"three\"" : " class=\"two\"";
}

std::string p_text(double p) { return p < 0.0001 ? "p &lt; 0.0001" : fmt::format("p = {:.4f}", p); }

std::string article_controls(const std::vector<std::pair<std::string, std::string>>& keys,
                             bool with_images, std::size_t shown) {
  std::string options;
  for (const auto& [key, name] : keys) options += option(key, name);
  std::string text = fmt::format(
      "<form class=\"controls\" id=\"controls\" autocomplete=\"off\">\n<label>Sort by <select "
      "name=\"key\">{}</select></label>\n"
      "<label>Order <select name=\"order\">{}</select></label>\n",
      options, option("down", "largest first") + option("up", "smallest first"));
  if (with_images)
    text += fmt::format(
        "<label>Image <select name=\"image\">{}</select></label>\n",
        option("", "with or without") + option("with", "with") + option("without", "without"));
  return text + fmt::format(
                    "<label>Contains <input name=\"words\" type=\"search\" placeholder=\"some "
                    "words\"></label>\n"
                    "<output name=\"count\">{0} of {0} shown</output>\n</form>\n",
                    shown);
}

std::string marked_words(const std::vector<std::string_view>& words, const std::vector<bool>& right,
                         const std::vector<bool>& shared) {
  if (words.empty()) return "<span class=\"quiet\">(empty)</span>";
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string word = html::escape(words[i]);
    if (!shared[i]) word = "<b>" + word + "</b>";
    if (!right[i]) word = "<mark>" + word + "</mark>";
    text += (i > 0 ? " " : "") + word;
  }
  return text;
}

}  // namespace penalmt
