// Tokens joined to a line as one writes it. Each token says whether it stands close to the one
// before it and close to the one behind it; a space goes where neither asks for closeness:
//   " hello " , he said ( loudly )  →  "hello", he said (loudly)
#pragma once

#include <string>

#include "tokenizers/moses_language.h"

namespace penalmt {

// `text` holds tokens between spaces, its escapes restored.
std::u32string moses_detokenized(std::u32string_view text, MosesLanguage language);

}  // namespace penalmt
