// Words that keep the full stop behind them in mid-sentence, because they are abbreviations:
// Moses's lists nonbreaking_prefix.cs, .de, .en and .fr.
#pragma once

#include <string_view>

#include "tokenizers/moses_language.h"

namespace penalmt {

// True for "bzw" in German. `word` is in lower case and has no full stop at its end.
bool is_nonbreaking_prefix(std::u32string_view word, MosesLanguage language);

// The same for words that are abbreviations only before a number: "pp" in "pp. 3" in English.
bool is_nonbreaking_prefix_of_numbers(std::u32string_view word, MosesLanguage language);

}  // namespace penalmt
