#include "tokenizers/source_signs.h"

#include <algorithm>
#include <string>

#include "tokenizers/code_points.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {
namespace {

constexpr std::u32string_view kMarks = U",;:!?";

// "&apos;" and the like, which stand for one character.
bool ends_in_escape(std::u32string_view word) {
  const std::size_t begin = word.rfind(U'&');
  return begin != std::u32string_view::npos && word.ends_with(U';') &&
         std::all_of(
             word.begin() + static_cast<std::ptrdiff_t>(begin) + 1, word.end() - 1,
             [](char32_t c) { return is_ascii_letter(c) || is_ascii_digit(c) || c == U'#'; });
}

// "men," but not "&apos;"; at a line's end "men." too, but not the "u.s." of an abbreviation.
bool has_unspaced_mark(std::u32string_view word, bool ends_line) {
  if (word.find_first_of(U"\"'") != std::u32string_view::npos) return true;
  const std::size_t length = word.size();
  if (length < 2 || !is_letter(word[length - 2])) return false;
  if (kMarks.find(word.back()) != std::u32string_view::npos) return !ends_in_escape(word);
  return ends_line && word.back() == U'.' && length > 2 && is_letter(word[length - 3]);
}

bool has_table_comma(std::u32string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != U',' && text[i] != U';') continue;
    const bool escape = text[i] == U';' && ends_in_escape(text.substr(0, i + 1));
    if (!escape && (is_letter(text[i + 1]) || text[i + 1] == U'"')) return true;
  }
  return false;
}

}  // namespace

void SourceSigns::add(std::string_view line) {
  if (line.empty()) return;
  ++lines;
  const std::u32string text = code_points(line);
  const std::vector<std::u32string_view> words = split_at_spaces(text);
  const bool has_capital = std::any_of(text.begin(), text.end(), is_upper_case);
  capitals += has_capital;
  tokenised += !has_capital && line.ends_with(" .");
  tabs += text.find(U'\t') != std::u32string::npos;
  commas += has_table_comma(text);
  for (std::size_t i = 0; i < words.size(); ++i)
    if (has_unspaced_mark(words[i], words.size() > 1 && i + 1 == words.size())) {
      ++marks;
      break;
    }
}

void PieceCount::add(const std::vector<int>& ids) {
  all += static_cast<int64_t>(ids.size());
  unknown += std::count(ids.begin(), ids.end(), kUnknown);
}

}  // namespace penalmt
