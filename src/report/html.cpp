#include "report/html.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "report/page_assets.h"

namespace penalmt::html {

std::string escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default: {
        const auto code = static_cast<unsigned char>(c);
        const bool forbidden = (code < 0x20 && c != '\t' && c != '\n' && c != '\r') || code == 0x7F;
        if (forbidden)
          escaped += "\xEF\xBF\xBD";
        else
          escaped += c;
      }
    }
  }
  return escaped;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u;
    };
    const unsigned triple = byte(0) << 16 | byte(1) << 8 | byte(2);
    text += kDigits[triple >> 18 & 63];
    text += kDigits[triple >> 12 & 63];
    text += i + 1 < bytes.size() ? kDigits[triple >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? kDigits[triple & 63] : '=';
  }
  return text;
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", with_commas(static_cast<int64_t>(count)), noun,
                     count == 1 ? "" : "s");
}

std::string breakable(std::string_view text, std::string_view marks) {
  std::string broken;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t mark = std::min(text.find_first_of(marks, begin), text.size() - 1);
    broken += escape(text.substr(begin, mark + 1 - begin));
    begin = mark + 1;
    if (begin < text.size()) broken += "<wbr>";
  }
  return broken;
}

std::string scrolled(std::string_view name, std::string_view table) {
  return fmt::format(
      "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n{}</div>\n",
      escape(name), table);
}

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n"
      "<script>document.documentElement.classList.add('js')</script>\n</head>\n"
      "<body>\n{}<script>{}</script>\n</body>\n</html>\n",
      escape(title), kPageStyle, body, kPageScript);
}

}  // namespace penalmt::html
