#include "report/html.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"

namespace penalmt::html {
namespace {

constexpr std::string_view kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #fbfaf8; --card: #ffffff; --text: #1d1c1a; --quiet: #605c55; --line: #dcd8d0; --bar: #2f6f9f; --chance: #a33d12;
  --mark: #ffe39c; --mark-line: #a86b00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161513; --card: #201f1c; --text: #ece9e3; --quiet: #a9a399; --line: #3a3732; --bar: #6aaede; --chance: #ff9d6e;
    --mark: #5a4300; --mark-line: #ffc94d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 68rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
p { margin: .25rem 0 .75rem; max-width: 46rem; }
.quiet { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 60%; background: var(--card); border: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .8rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; white-space: nowrap; }
td.left, th.left { text-align: left; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 8rem; }
thead th { font-weight: 600; color: var(--quiet); vertical-align: bottom; }
td.score { font-size: 1.15rem; font-weight: 700; }
code { font: .85rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
ul.signatures { list-style: none; margin: .75rem 0; padding: 0; }
.bar { position: relative; height: .5rem; min-width: 6rem; margin-top: .2rem; background: var(--line); border-radius: .25rem; }
.bar i { position: absolute; inset: 0 auto 0 0; background: var(--bar); border-radius: .25rem; print-color-adjust: exact; }
.bar b { position: absolute; top: -.2rem; bottom: -.2rem; width: 2px; background: var(--chance); print-color-adjust: exact; }
article { display: flex; gap: 1rem; margin: 1rem 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; break-inside: avoid; }
article > figure { flex: 0 0 12rem; margin: 0; }
article img { display: block; width: 100%; max-height: 14rem; object-fit: contain; object-position: left top; border-radius: .25rem; image-rendering: auto; }
article figcaption { font-size: .8rem; color: var(--quiet); }
.nothing { display: grid; place-items: center; height: 6rem; border: 1px dashed var(--line); border-radius: .25rem; color: var(--quiet); font-size: .85rem; }
dl { flex: 1; margin: 0; min-width: 0; }
dt { font-size: .8rem; color: var(--quiet); display: flex; justify-content: space-between; gap: 1rem; }
dd { margin: 0 0 .6rem; }
mark { background: var(--mark); color: inherit; border-bottom: 2px solid var(--mark-line); border-radius: .15rem; padding: 0 .1rem; print-color-adjust: exact; }
@media (max-width: 40rem) {
  article { flex-direction: column; }
  article > figure { flex: none; max-width: 16rem; }
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; clip-path: inset(50%); }
  tr { padding: .5rem .8rem; border-bottom: 1px solid var(--line); }
  th, td { padding: .1rem 0; border: 0; text-align: left; white-space: normal; }
  td::before { content: attr(data-label) " "; font-size: .8rem; font-weight: 400; color: var(--quiet); }
}
@media print {
  :root { --page: #fff; --card: #fff; --text: #000; --quiet: #444; --line: #bbb; --bar: #2f6f9f; --chance: #a33d12; --mark: #ffe39c; --mark-line: #a86b00; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .wide { overflow: visible; }
  h2 { break-after: avoid; }
}
)css";

std::string_view type_of_picture(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xFF\xD8\xFF"sv)) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) return "image/png";
  if (bytes.starts_with("GIF8"sv)) return "image/gif";
  if (bytes.starts_with("RIFF"sv) && bytes.substr(0, 12).ends_with("WEBP"sv)) return "image/webp";
  return {};
}

}  // namespace

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
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
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

std::string data_uri(const std::filesystem::path& picture) {
  const std::string bytes = read_file(picture);
  const std::string_view type = type_of_picture(bytes);
  if (type.empty())
    throw Error(picture.string() + ": not a picture that a page can show; expected JPEG, PNG, GIF or WebP");
  return fmt::format("data:{};base64,{}", type, base64(bytes));
}

std::string with_thousands(int64_t number) {
  std::string text = fmt::format("{}", number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n<title>{}</title>\n<style>{}</style>\n</head>\n"
      "<body>\n{}</body>\n</html>\n",
      escape(title), kStyle, body);
}

}  // namespace penalmt::html
