#include "tokenizers/moses_tokenize.h"

#include <algorithm>

#include "tokenizers/code_points.h"
#include "tokenizers/moses_prefixes.h"

namespace penalmt {
namespace {

constexpr std::u32string_view kMarksInWords = U".'`,-";

bool is_not_letter(char32_t c) { return !is_letter(c); }
bool is_not_number(char32_t c) { return !is_number(c); }
bool is_neither_letter_nor_number(char32_t c) { return !is_letter(c) && !is_number(c); }
bool is_s(char32_t c) { return c == U's'; }

// The second rule finds what the first did not, where the comma before had taken in the character
// between.
constexpr Rule kCommas[] = {
    {is_not_number, U",", nullptr, U" , "},
    {nullptr, U",", is_not_number, U" , "},
};

// Contractions go with what follows: don 't, 1990 's.
constexpr Rule kEnglishApostrophes[] = {
    {is_not_letter, U"'", is_not_letter, U" ' "},
    {is_neither_letter_nor_number, U"'", is_letter, U" ' "},
    {is_letter, U"'", is_not_letter, U" ' "},
    {is_letter, U"'", is_letter, U" '"},
    {is_number, U"'", is_s, U" '"},
};

// Contractions go with what stands before: l' homme.
constexpr Rule kFrenchApostrophes[] = {
    {is_not_letter, U"'", is_not_letter, U" ' "},
    {is_not_letter, U"'", is_letter, U" ' "},
    {is_letter, U"'", is_not_letter, U" ' "},
    {is_letter, U"'", is_letter, U"' "},
};

constexpr Rule kOtherApostrophes[] = {{nullptr, U"'", nullptr, U" ' "}};

// One space for white space of any kind and length, none at the ends; control characters go.
std::u32string cleaned(std::u32string_view text) {
  std::u32string clean;
  for (const char32_t c : text) {
    if (is_space(c)) {
      if (!clean.empty() && clean.back() != U' ') clean += U' ';
    } else if (c >= 0x20) {
      clean += c;
    }
  }
  if (!clean.empty() && clean.back() == U' ') clean.pop_back();
  return clean;
}

std::u32string with_symbols_apart(std::u32string_view text) {
  std::u32string apart;
  for (const char32_t c : text) {
    const bool in_word =
        is_letter_or_digit(c) || c == U' ' || kMarksInWords.find(c) != std::u32string_view::npos;
    if (in_word)
      apart += c;
    else
      apart.append({U' ', c, U' '});
  }
  return apart;
}

// Two and more full stops in a row are one word.
std::u32string with_ellipses_apart(std::u32string_view text) {
  std::u32string apart;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end =
        text[i] == U'.' ? std::min(text.find_first_not_of(U'.', i), text.size()) : i + 1;
    if (end - i > 1) apart += U' ';
    apart.append(text, i, end - i);
    if (end - i > 1 && end < text.size()) apart += U' ';
    i = end;
  }
  return apart;
}

void part_commas(std::u32string& text) {
  apply(kCommas, text);
  if (text.ends_with(U',')) text.insert(text.size() - 1, U" ");
}

void part_apostrophes(std::u32string& text, MosesLanguage language) {
  switch (language) {
    case MosesLanguage::kEnglish:
      return apply(kEnglishApostrophes, text);
    case MosesLanguage::kFrench:
      return apply(kFrenchApostrophes, text);
    case MosesLanguage::kCzech:
    case MosesLanguage::kGerman:
      return apply(kOtherApostrophes, text);
  }
}

// True where `word`, which had a full stop behind it, is an abbreviation; `next` is empty behind
// the last word.
bool keeps_full_stop(std::u32string_view word, std::u32string_view next, MosesLanguage language) {
  const bool dots_and_letters =
      word.find(U'.') != word.npos && std::any_of(word.begin(), word.end(), is_letter);
  return dots_and_letters || is_nonbreaking_prefix(word, language) ||
         (!next.empty() && is_lower_case(next[0])) ||
         (is_nonbreaking_prefix_of_numbers(word, language) && !next.empty() &&
          is_ascii_digit(next[0]));
}

std::u32string joined_with_full_stops_apart(std::u32string_view text, MosesLanguage language) {
  const std::vector<std::u32string_view> words = split_at_spaces(text);
  std::u32string joined;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) joined += U' ';
    const std::u32string_view word = words[i], next = i + 1 < words.size() ? words[i + 1] : U"";
    const bool ends_in_full_stop =
        word.ends_with(U'.') && word.find_first_not_of(U'.') != word.npos;
    if (ends_in_full_stop && !keeps_full_stop(word.substr(0, word.size() - 1), next, language))
      joined.append(word.substr(0, word.size() - 1)).append(U" .");
    else
      joined += word;
  }
  return joined;
}

}  // namespace

std::u32string moses_tokenized(std::u32string_view line, MosesLanguage language) {
  std::u32string text = with_ellipses_apart(with_symbols_apart(cleaned(line)));
  part_commas(text);
  part_apostrophes(text, language);
  text = joined_with_full_stops_apart(text, language);
  if (text.ends_with(U".'")) text.replace(text.size() - 2, 2, U" . ' ");
  return text;
}

}  // namespace penalmt
