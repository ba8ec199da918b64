#include "tokenizers/moses.h"

#include <algorithm>

#include "tokenizers/code_points.h"
#include "tokenizers/moses_detokenize.h"
#include "tokenizers/moses_normalize.h"
#include "tokenizers/moses_tokenize.h"

namespace penalmt {
namespace {

struct Escape {
  std::u32string_view character, escape;
};

// "&" is escaped first and restored last.
constexpr Escape kEscapes[] = {{U"&", U"&amp;"}, {U"|", U"&#124;"}, {U"<", U"&lt;"},
                               {U">", U"&gt;"},  {U"'", U"&apos;"}, {U"\"", U"&quot;"},
                               {U"[", U"&#91;"}, {U"]", U"&#93;"}};

void escape(std::u32string& text) {
  for (const Escape& e : kEscapes) apply({nullptr, e.character, nullptr, e.escape}, text);
}

void restore_escaped(std::u32string& text) {
  for (auto e = std::rbegin(kEscapes); e != std::rend(kEscapes); ++e)
    apply({nullptr, e->escape, nullptr, e->character}, text);
}

}  // namespace

std::string to_moses(std::string_view line, MosesLanguage language) {
  std::u32string text = lower_case(code_points(line));
  normalize_punctuation(text, language);
  text = moses_tokenized(text, language);
  escape(text);
  return to_utf8(text);
}

std::string from_moses(std::string_view line, MosesLanguage language) {
  std::u32string text = code_points(line);
  restore_escaped(text);
  return to_utf8(moses_detokenized(text, language));
}

std::string capitalised(std::string_view line) {
  std::u32string text = code_points(line);
  const auto first = std::find_if(text.begin(), text.end(), is_letter_or_digit);
  if (first != text.end()) *first = title_case(*first);
  return to_utf8(text);
}

}  // namespace penalmt
