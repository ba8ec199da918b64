#include "evaluation/tercom_tokenizer.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"
#include "evaluation/unicode.h"
#include "evaluation/western_rules.h"

namespace penalmt {
namespace {

bool is_removed_sign(char c) {
  return std::string_view(".,?:;!\"()").find(c) != std::string_view::npos;
}

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

// Tercom also means to split off runs of Hiragana and of Katakana. In the reference implementation
// its three patterns look for such a run at the very start of the line, where a space stands by
// then: kana stay together, here too.
bool is_separate_asian(int32_t code) {
  static constexpr std::array<Range, 6> kRanges = {{
      {0x2E80, 0x2EFF},  // radicals
      {0x31C0, 0x31EF},  // strokes
      {0x3200, 0x4DBF},  // enclosed, compatibility, ideographs A (the reference's 3200-3F22, meant
                         // as 3200-32FF, is in)
      {0x4E00, 0x9FFF},  // ideographs
      {0xF900, 0xFAFF},  // compatibility ideographs
      {0xFE30, 0xFE4F},  // compatibility forms
  }};
  for (const Range& range : kRanges)
    if (code >= range.first && code <= range.last) return true;
  return is_asian_punctuation(code);
}

std::string normalize_western(std::string text) {
  replace_all(text, "\n-", "");  // (sic: meant is a hyphen at the end of a line, "-\n")
  replace_all(text, "\n", " ");
  undo_entities(text);
  std::string out = " " + separate_signs(text) + " ";
  replace_all(out, "'s ", " 's ");
  separate_stops_and_dashes(out);
  return out;
}

std::string normalize_asian(std::string_view text) {
  std::string out;
  for_each_character(text, [&](std::string_view bytes, int32_t code) {
    if (is_separate_asian(code))
      out.append(" ").append(bytes).append(" ");
    else
      out.append(bytes);
  });
  return out;
}

std::string remove_asian_punctuation(std::string_view text) {
  std::string out;
  for_each_character(text, [&](std::string_view bytes, int32_t code) {
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
