// Text that SentencePiece can be trained on.
#pragma once

#include <string>
#include <string_view>

namespace penalmt {

// Throws Error "place: got a word of 32,780 characters, ..." for a line that ends SentencePiece:
// one with a word of more than 30,000.
void expect_trainable(std::string_view line, const std::string& place);

}  // namespace penalmt
