#include "serving/page.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/sha256.h"
#include "report/html.h"
#include "report/page_assets.h"
#include "serving/language_names.h"

namespace penalmt {
namespace {

using html::escape;

// A digest as a Content-Security-Policy has it: 'sha256-...'.
std::string csp_digest(std::string_view text) {
  const std::string digits = sha256(text);
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return "'sha256-" + html::base64(bytes) + "'";
}

std::string whole_style() { return std::string(html::kPageStyle) + std::string(kServingStyle); }

// What the script is told of the model. A "<" would be markup to the page's parser.
std::string facts_of(const ServingPage& page) {
  const std::string json = dump_json(nlohmann::ordered_json{{"target", page.target_language},
                                                            {"uses_images", page.uses_images},
                                                            {"most_body", page.most_body},
                                                            {"beam", page.beam}});
  std::string text;
  for (const char c : json) text += c == '<' ? "\\u003c" : std::string(1, c);
  return text;
}

// Its last part: where the folder lies is nobody's business.
std::string folder_name(const std::string& path) {
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

std::string lang(const std::string& code) {
  return code.empty() ? "" : fmt::format(" lang=\"{}\"", escape(code));
}

// Where an image is dropped or chosen.
std::string image_field(const char* id, const char* legend, const char* hint) {
  return fmt::format(
      "<fieldset class=\"drop\" id=\"{0}\">\n<legend>{1}</legend>\n<div class=\"choose\">\n"
      "<p class=\"hint\" id=\"{0}-hint\">{2}</p>\n"
      "<label>Choose a file <input type=\"file\" accept=\"image/*\" "
      "aria-describedby=\"{0}-hint\"></label>\n"
      "<label class=\"camera\">Use the camera <input type=\"file\" accept=\"image/*\" "
      "capture=\"environment\"></label>\n</div>\n"
      "<div class=\"chosen\" hidden><img alt=\"\"><p><span class=\"name\"></span> <button "
      "type=\"button\" class=\"remove\">Remove</button></p></div>\n</fieldset>\n",
      id, legend, hint);
}

}  // namespace

std::string serving_page(const ServingPage& page) {
  const bool is_known = !page.source_language.empty() && !page.target_language.empty();
  const std::string source = is_known ? name_of_language(page.source_language) : "",
                    target = is_known ? name_of_language(page.target_language) : "";
  const char* title = page.uses_images ? "Translate with an image" : "Translate";
  std::string images, token;
  if (page.uses_images)
    images = "<div class=\"drops\">\n" +
             image_field("first", "Image", "Drop an image here, paste it, or choose one.") +
             image_field("second", "Another image", "To see what it changes; may be left out.") +
             "</div>\n";
  if (page.demands_token)
    token =
        "<label class=\"token\">Token of this server <input type=\"password\" id=\"token\" "
        "autocomplete=\"off\"></label>\n";
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{title}{pair}</title>\n<link rel=\"icon\" href=\"data:,\">\n"
      "<style>{style}</style>\n</head>\n<body class=\"serving\">\n"
      "<header><h1>{title}</h1>\n<p class=\"quiet\">{languages}{name}</p></header>\n"
      "<main>\n<form id=\"ask\" autocomplete=\"off\" novalidate>\n"
      "<label for=\"sentence\">Sentence{in_source}</label>\n"
      "<textarea id=\"sentence\" rows=\"2\"{source_lang} dir=\"auto\" "
      "aria-describedby=\"sentence-hint\" enterkeyhint=\"go\" autofocus></textarea>\n"
      "<p class=\"hint\" id=\"sentence-hint\">Enter translates.</p>\n{images}{token}"
      "<p class=\"go\"><button type=\"submit\">Translate</button> <output "
      "id=\"state\"></output></p>\n</form>\n"
      "<p id=\"error\" role=\"alert\" hidden></p>\n"
      "<section id=\"answers\" aria-label=\"Translations\" tabindex=\"-1\"></section>\n"
      "<noscript><p>This page needs JavaScript; POST /translate does not.</p></noscript>\n"
      "</main>\n<script type=\"application/json\" id=\"facts\">{facts}</script>\n"
      "<script>{script}</script>\n</body>\n</html>\n",
      fmt::arg("title", title), fmt::arg("pair", is_known ? ", " + source + " to " + target : ""),
      fmt::arg("style", whole_style()),
      fmt::arg("languages", is_known ? escape(source + " → " + target) + " · " : ""),
      fmt::arg("name", html::breakable(folder_name(page.name), "-_")),
      fmt::arg("in_source", is_known ? " in " + escape(source) : ""),
      fmt::arg("source_lang", lang(page.source_language)), fmt::arg("images", images),
      fmt::arg("token", token), fmt::arg("facts", facts_of(page)),
      fmt::arg("script", kServingScript));
}

std::string page_policy() {
  return fmt::format(
      "default-src 'none'; style-src {}; script-src {}; img-src blob: data:; connect-src 'self'; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      csp_digest(whole_style()), csp_digest(kServingScript));
}

}  // namespace penalmt
