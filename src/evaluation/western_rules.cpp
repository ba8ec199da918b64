#include "evaluation/western_rules.h"

namespace penalmt {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_stop(char c) { return c == '.' || c == ','; }
bool is_separate_sign(char c) {
  return (c >= '!' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

// Rewrites the pairs of neighbours for which `matches` holds, by write(first, second, out). From
// left to right, and as in a regular expression's substitution no character is in two pairs.
template <class Matches, class Write>
void replace_pairs(std::string& text, Matches matches, Write write) {
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && matches(text[i], text[i + 1])) {
      write(text[i], text[i + 1], out);
      ++i;
    } else {
      out += text[i];
    }
  }
  text.swap(out);
}

}  // namespace

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos) return;
  std::string replaced;
  std::size_t begin = 0;
  for (; at != std::string::npos; at = text.find(from, begin)) {
    replaced.append(text, begin, at - begin).append(to);
    begin = at + from.size();
  }
  text = replaced.append(text, begin);
}

void undo_entities(std::string& text) {
  if (text.find('&') == std::string::npos) return;
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
}

std::string separate_signs(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (const char c : text) {
    if (is_separate_sign(c))
      out.append({' ', c, ' '});
    else
      out += c;
  }
  return out;
}

void separate_stops_and_dashes(std::string& text) {
  const auto second_apart = [](char first, char second, std::string& out) {
    out.append({first, ' ', second, ' '});
  };
  const auto first_apart = [](char first, char second, std::string& out) {
    out.append({' ', first, ' ', second});
  };
  replace_pairs(
      text, [](char first, char second) { return !is_digit(first) && is_stop(second); },
      second_apart);
  replace_pairs(
      text, [](char first, char second) { return is_stop(first) && !is_digit(second); },
      first_apart);
  replace_pairs(
      text, [](char first, char second) { return is_digit(first) && second == '-'; }, second_apart);
}

}  // namespace penalmt
