// The rules of Moses's tokenizer.perl, version 1.1, without its options: every character that is
// neither a letter, a digit nor one of . ' , - stands by itself; so do full stops behind words, but
// for abbreviations; commas, but for those in numbers; apostrophes by the rules of the language.
//   en:  the boys' 2,000 dogs don't bark...  →  the boys ' 2,000 dogs don 't bark ...
//   fr:  l'homme d'art                       →  l' homme d' art
//   de:  wie geht's, dr. no?                 →  wie geht ' s , dr. no ?
#pragma once

#include <string>

#include "tokenizers/moses_language.h"

namespace penalmt {

// The words of a line in lower case, with one space between two. Where a line ends in a full stop
// and an apostrophe, Moses leaves a space too many before them and one at the end; so does this.
std::u32string moses_tokenized(std::u32string_view text, MosesLanguage language);

}  // namespace penalmt
