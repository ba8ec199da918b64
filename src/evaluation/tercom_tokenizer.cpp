#include "evaluation/tercom_tokenizer.h"

#include <array>
#include <cstdint>

#include <unicode/utf8.h>

#include "evaluation/unicode.h"

namespace penalmt {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_stop(char c) { return c == '.' || c == ','; }

// Every ASCII sign but the apostrophe, comma, dash and stop.
bool is_separate_sign(char c) {
  return (c >= '!' && c <= '&') || (c >= '(' && c <= '+') || c == '/' || (c >= ':' && c <= '@') ||
         (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

bool is_removed_sign(char c) { return std::string_view(".,?:;!\"()").find(c) != std::string_view::npos; }

struct Range {
  int32_t first, last;
};

bool is_asian_punctuation(int32_t code) {
  switch (code) {
    case 0x3001:  // ideographic comma and full stop
    case 0x3002:
    case 0x30FB:  // Katakana middle dot
    case 0xFF01:  // full-width ! " ( ) , . : ; ?
    case 0xFF02:
    case 0xFF08:
    case 0xFF09:
    case 0xFF0C:
    case 0xFF0E:
    case 0xFF1A:
    case 0xFF1B:
    case 0xFF1F:
      return true;
    default:  // brackets, quotation marks, half-width punctuation
      return (code >= 0x3008 && code <= 0x3011) || (code >= 0x3014 && code <= 0x301F) ||
             (code >= 0xFF61 && code <= 0xFF65);
  }
}

// Tercom also means to split off runs of Hiragana and of Katakana. In the reference implementation its three patterns
// look for such a run at the very start of the line, where a space stands by then: kana stay together, here too.
bool is_separate_asian(int32_t code) {
  static constexpr std::array<Range, 6> kRanges = {{
      {0x2E80, 0x2EFF},  // radicals
      {0x31C0, 0x31EF},  // strokes
      {0x3200, 0x4DBF},  // enclosed, compatibility, ideographs A (the reference's 3200-3F22, meant as 3200-32FF, is in)
      {0x4E00, 0x9FFF},  // ideographs
      {0xF900, 0xFAFF},  // compatibility ideographs
      {0xFE30, 0xFE4F},  // compatibility forms
  }};
  for (const Range& range : kRanges)
    if (code >= range.first && code <= range.last) return true;
  return is_asian_punctuation(code);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// Rewrites the pairs of neighbours for which `matches` holds, by write(first, second, out). From left to right, and as
// in a regular expression's substitution no character is in two pairs.
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

// These rules look at ASCII only, so they may run over bytes: a byte of a longer character is never a digit or sign.
std::string normalize_western(std::string text) {
  replace_all(text, "\n-", "");  // (sic: meant is a hyphen at the end of a line, "-\n")
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");  // before the next: "&amp;lt;" becomes "<"
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");

  std::string out = " ";
  for (const char c : text) {
    if (is_separate_sign(c))
      out.append({' ', c, ' '});
    else
      out += c;
  }
  out += ' ';
  replace_all(out, "'s ", " 's ");
  const auto set_second_apart = [](char first, char second, std::string& to) { to.append({first, ' ', second, ' '}); };
  replace_pairs(
      out, [](char first, char second) { return !is_digit(first) && is_stop(second); }, set_second_apart);
  replace_pairs(
      out, [](char first, char second) { return is_stop(first) && !is_digit(second); },
      [](char first, char second, std::string& to) {
        to.append({' ', first, ' ', second});
      });
  replace_pairs(
      out, [](char first, char second) { return is_digit(first) && second == '-'; }, set_second_apart);
  return out;
}

// Calls visit(code point, its bytes) for each character.
template <class Visit>
void for_each_character(std::string_view text, Visit visit) {
  int32_t i = 0;
  while (i < static_cast<int32_t>(text.size())) {
    const int32_t begin = i;
    UChar32 code = 0;
    U8_NEXT_UNSAFE(text.data(), i, code);
    visit(static_cast<int32_t>(code), text.substr(begin, i - begin));
  }
}

std::string normalize_asian(std::string_view text) {
  std::string out;
  for_each_character(text, [&](int32_t code, std::string_view bytes) {
    if (is_separate_asian(code))
      out.append(" ").append(bytes).append(" ");
    else
      out.append(bytes);
  });
  return out;
}

std::string remove_asian_punctuation(std::string_view text) {
  std::string out;
  for_each_character(text, [&](int32_t code, std::string_view bytes) {
    if (!is_asian_punctuation(code)) out.append(bytes);
  });
  return out;
}

}  // namespace

std::string tercom_tokenize(std::string_view line, const TercomOptions& options) {
  std::string text = options.case_sensitive ? std::string(line) : lowercase(line);
  if (options.normalized && !text.empty()) {
    text = normalize_western(std::move(text));
    if (options.asian_support) text = normalize_asian(text);
  }
  if (options.no_punct) {
    std::erase_if(text, is_removed_sign);
    if (options.asian_support) text = remove_asian_punctuation(text);
  }
  std::string joined;
  joined.reserve(text.size());
  for (const std::string_view word : split_unicode_whitespace(text)) {
    if (!joined.empty()) joined += ' ';
    joined.append(word);
  }
  return joined;
}

}  // namespace penalmt
