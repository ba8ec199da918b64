// The rules of Moses's normalize-punctuation.perl: typographic quotes, dashes and ellipses become
// ASCII ones, spaces before punctuation go, and full stops change places with a quote.
//   de:  sie ruft „ hallo.“ – laut     →  sie ruft " hallo". - laut
//   en:  she calls “hello”, loudly     →  she calls "hello," loudly
//   fr:  un clin d’œil à l’école       →  un clin d"œil à l"école   (an apostrophe is known
//                                             between a to z only)
#pragma once

#include <string>

#include "tokenizers/moses_language.h"

namespace penalmt {

// Text that will be tokenized: what Moses does to no-break spaces is left out where the tokenizer
// makes it the same.
void normalize_punctuation(std::u32string& text, MosesLanguage language);

}  // namespace penalmt
