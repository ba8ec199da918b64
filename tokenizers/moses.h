// The text of the published "lower-cased tokenised BLEU": what three scripts of Moses (Koehn et
// al., 2007) make of a caption one after the other, lowercase.perl, normalize-punctuation.perl and
// tokenizer.perl; and the way back.
//   raw        Zwei Männer rufen: „Auf geht's!“
//   to_moses   zwei männer rufen : &quot; auf geht &apos; s ! &quot;
//   from_moses zwei männer rufen: "auf geht's!"
// For cs, de, en and fr it gives the files tok/*.lc.norm.tok.* of Multi30k from raw/*.gz, every
// line of them, byte for byte.
#pragma once

#include <string>
#include <string_view>

#include "tokenizers/moses_language.h"

namespace penalmt {

// Tokens with one space between two; & | < > ' " [ ] are written &amp; &#124; &lt; &gt; &apos;
// &quot; &#91; &#93;. A line without any gives an empty line.
std::string to_moses(std::string_view line, MosesLanguage language);

// The line as one writes it: tokens joined, characters for their escapes. What to_moses lost does
// not come back: upper case, typographic quotes and dashes, white space of other kinds, where a
// full stop stood at a quote. Where tokens may be joined in two ways (quotes that do not close, "m
// & m"), it takes the likelier one.
std::string from_moses(std::string_view line, MosesLanguage language);

// With a capital letter in front, behind quotes and other marks; a line that begins with a digit
// stays.
std::string capitalised(std::string_view line);

}  // namespace penalmt
