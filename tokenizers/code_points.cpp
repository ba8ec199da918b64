#include "tokenizers/code_points.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/utf8.h"

namespace penalmt {
namespace {

UChar32 icu(char32_t c) { return static_cast<UChar32>(c); }

constexpr char32_t kCapitalDottedI = 0x130;  // the one character whose lower case is two

}  // namespace

std::u32string code_points(std::string_view utf8) {
  std::u32string text;
  text.reserve(utf8.size());
  for_each_character(utf8,
                     [&](std::string_view, int32_t code) { text += static_cast<char32_t>(code); });
  return text;
}

std::string to_utf8(std::u32string_view text) {
  std::string utf8;
  utf8.reserve(text.size());
  for (const char32_t c : text) {
    char bytes[U8_MAX_LENGTH];
    std::size_t length = 0;
    U8_APPEND_UNSAFE(bytes, length, icu(c));
    utf8.append(bytes, length);
  }
  return utf8;
}

bool is_letter(char32_t c) { return u_isUAlphabetic(icu(c)); }
bool is_letter_or_digit(char32_t c) {
  return is_letter(c) || u_charType(icu(c)) == U_DECIMAL_DIGIT_NUMBER;
}
bool is_number(char32_t c) { return (U_GET_GC_MASK(icu(c)) & U_GC_N_MASK) != 0; }
bool is_lower_case(char32_t c) { return u_isULowercase(icu(c)); }
bool is_upper_case(char32_t c) { return u_isUUppercase(icu(c)) || u_istitle(icu(c)); }
bool is_space(char32_t c) { return u_isUWhiteSpace(icu(c)); }
bool is_currency_sign(char32_t c) { return u_charType(icu(c)) == U_CURRENCY_SYMBOL; }
bool is_ascii_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_ascii_letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }

std::u32string lower_case(std::u32string_view text) {
  std::u32string lowered;
  lowered.reserve(text.size());
  for (const char32_t c : text) {
    if (c == kCapitalDottedI)
      lowered += U"i\u0307";
    else
      lowered += static_cast<char32_t>(u_tolower(icu(c)));
  }
  return lowered;
}

char32_t title_case(char32_t c) { return static_cast<char32_t>(u_totitle(icu(c))); }

std::vector<std::u32string_view> split_at_spaces(std::u32string_view text) {
  std::vector<std::u32string_view> parts;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && !is_space(text[end])) ++end;
    if (end > i) parts.push_back(text.substr(i, end - i));
    i = end + 1;
  }
  return parts;
}

void apply(const Rule& rule, std::u32string& text) {
  std::size_t at = text.find(rule.found);
  if (at == std::u32string::npos) return;
  std::u32string rewritten;
  std::size_t copied = 0;    // text[0, copied) is in `rewritten`
  std::size_t untested = 0;  // text[untested] is the first character that may still be tested
  while (at != std::u32string::npos) {
    const std::size_t end = at + rule.found.size();
    const bool matches = (rule.before == nullptr || (at > untested && rule.before(text[at - 1]))) &&
                         (rule.after == nullptr || (end < text.size() && rule.after(text[end])));
    if (matches) {
      rewritten.append(text, copied, at - copied).append(rule.replacement);
      copied = end;
      untested = rule.after == nullptr ? end : end + 1;
    }
    at = text.find(rule.found, matches ? untested : at + 1);
  }
  text = rewritten.append(text, copied);
}

void apply(std::span<const Rule> rules, std::u32string& text) {
  for (const Rule& rule : rules) apply(rule, text);
}

}  // namespace penalmt
