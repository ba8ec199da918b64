#include "tokenizers/moses_normalize.h"

#include <algorithm>

#include "tokenizers/code_points.h"

namespace penalmt {
namespace {

constexpr Rule everywhere(std::u32string_view found, std::u32string_view replacement) {
  return {nullptr, found, nullptr, replacement};
}

bool is_after_parenthesis(char32_t c) {
  return std::u32string_view(U".!:?;,").find(c) != std::u32string_view::npos;
}

constexpr Rule kParentheses[] = {everywhere(U"\r", U""), everywhere(U"(", U" ("),
                                 everywhere(U")", U") ")};

constexpr Rule kSpaces[] = {
    {nullptr, U") ", is_after_parenthesis, U")"}, everywhere(U"( ", U"("), everywhere(U" )", U")"),
    {is_ascii_digit, U" %", nullptr, U"%"},       everywhere(U" :", U":"), everywhere(U" ;", U";"),
};

constexpr Rule kDashes[] = {
    everywhere(U"`", U"'"),   everywhere(U"''", U" \" "), everywhere(U"„", U"\""),
    everywhere(U"“", U"\""),  everywhere(U"”", U"\""),    everywhere(U"–", U"-"),
    everywhere(U"—", U" - "),
};

constexpr Rule kQuotes[] = {
    everywhere(U"´", U"'"),
    {is_ascii_letter, U"‘", is_ascii_letter, U"'"},
    {is_ascii_letter, U"’", is_ascii_letter, U"'"},
    everywhere(U"‘", U"\""),
    everywhere(U"‚", U"\""),
    everywhere(U"’", U"\""),
    everywhere(U"''", U"\""),
    everywhere(U"…", U"..."),
    everywhere(U"\u00A0«\u00A0", U" \""),
    everywhere(U"«\u00A0", U"\""),
    everywhere(U"«", U"\""),
    everywhere(U"\u00A0»\u00A0", U"\" "),
    everywhere(U"\u00A0»", U"\""),
    everywhere(U"»", U"\""),
};

constexpr Rule kNoBreakSpaces[] = {
    everywhere(U"\u00A0%", U"%"), everywhere(U"\u00A0:", U":"), everywhere(U"\u00A0?", U"?"),
    everywhere(U"\u00A0!", U"!"), everywhere(U"\u00A0;", U";"),
};

// What stands between the groups of digits of a number becomes the language's mark.
constexpr Rule between_digits(std::u32string_view mark) {
  return {is_ascii_digit, U"\u00A0", is_ascii_digit, mark};
}

void join_spaces(std::u32string& text) {
  const auto both_are_spaces = [](char32_t a, char32_t b) { return a == U' ' && b == U' '; };
  text.erase(std::unique(text.begin(), text.end(), both_are_spaces), text.end());
}

// American: "quotation", → "quotation,"
void move_quotes_behind_stops(std::u32string& text) {
  for (std::size_t quote = text.find(U'"'); quote != std::u32string::npos;
       quote = text.find(U'"', quote + 1)) {
    const std::size_t end = std::min(text.find_first_not_of(U",.", quote + 1), text.size());
    std::rotate(text.begin() + quote, text.begin() + quote + 1, text.begin() + end);
    quote = end - 1;
  }
}

// European: "quotation." → "quotation". The full stops stay where "<" follows the quote. As by
// Moses's expression
// (\.+)"(\s*[^<]), the spaces and the one character behind a quote are passed over: ."." becomes
// ".."
void move_full_stops_behind_quotes(std::u32string& text) {
  for (std::size_t i = text.find(U'.'); i < text.size(); i = text.find(U'.', i)) {
    const std::size_t quote = std::min(text.find_first_not_of(U'.', i), text.size());
    const bool moves =
        quote < text.size() && text[quote] == U'"' && !(text.compare(quote + 1, 1, U"<") == 0);
    if (!moves) {
      i = quote;
      continue;
    }
    std::rotate(text.begin() + i, text.begin() + quote, text.begin() + quote + 1);
    i = std::min(text.find_first_not_of(U" \t\n\v\f", quote + 1), text.size());
    if (i < text.size() && text[i] != U'<') ++i;
  }
}

}  // namespace

void normalize_punctuation(std::u32string& text, MosesLanguage language) {
  apply(kParentheses, text);
  join_spaces(text);
  apply(kSpaces, text);
  apply(kDashes, text);
  join_spaces(text);
  apply(kQuotes, text);
  apply(kNoBreakSpaces, text);
  join_spaces(text);
  if (language == MosesLanguage::kEnglish) {
    move_quotes_behind_stops(text);
    apply(between_digits(U"."), text);
    return;
  }
  if (language != MosesLanguage::kCzech) {
    apply(everywhere(U",\"", U"\","), text);
    move_full_stops_behind_quotes(text);
  }
  apply(between_digits(U","), text);
}

}  // namespace penalmt
