// Text as a row of Unicode code points, what kind of character each is, and rules that rewrite it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

std::u32string code_points(std::string_view utf8);  // valid UTF-8
std::string to_utf8(std::u32string_view text);

// Unicode's properties Alphabetic, Alphabetic or decimal digit, the category N, Lowercase,
// Uppercase or title case, White_Space.
bool is_letter(char32_t c);
bool is_letter_or_digit(char32_t c);
bool is_number(char32_t c);
bool is_lower_case(char32_t c);
bool is_upper_case(char32_t c);
bool is_space(char32_t c);
bool is_currency_sign(char32_t c);  // the category Sc

bool is_ascii_digit(char32_t c);
bool is_ascii_letter(char32_t c);

// Lower case, each character by itself: a final sigma becomes "σ", as in Perl.
std::u32string lower_case(std::u32string_view text);

// The upper case of a first letter: "ǆ" becomes "ǅ".
char32_t title_case(char32_t c);

// The parts between white space; none is empty. They point into `text`.
std::vector<std::u32string_view> split_at_spaces(std::u32string_view text);

// One rule: `found` becomes `replacement` wherever the character before it passes the test `before`
// and the one after it the test `after`; nullptr asks nothing, and is content with the ends of the
// text. The neighbours stay as they are, but one that was tested for one replacement is not tested
// for the next, as with a regular expression that takes them in. With {is_ascii_digit, U" ",
// is_ascii_digit, U","}:
//   "1 2 3 4"  →  "1,2 3,4"
struct Rule {
  using Test = bool (*)(char32_t);
  Test before = nullptr;
  std::u32string_view found;
  Test after = nullptr;
  std::u32string_view replacement;
};

void apply(const Rule& rule, std::u32string& text);

// One after the other.
void apply(std::span<const Rule> rules, std::u32string& text);

}  // namespace penalmt
