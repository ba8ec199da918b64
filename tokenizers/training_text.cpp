#include "tokenizers/training_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

constexpr std::size_t kLongestWord = 30000;  // SentencePiece counts a word's characters in 15 bits

// The characters of the longest word, a space being the only end of one.
std::size_t longest_word(std::string_view line) {
  std::size_t longest = 0, word = 0;
  for (const char c : line) {
    if (c == ' ')
      word = 0;
    else if (!continues_character(c))
      longest = std::max(longest, ++word);
  }
  return longest;
}

}  // namespace

void expect_trainable(std::string_view line, const std::string& place) {
  const std::size_t word = longest_word(line);
  if (word > kLongestWord)
    throw Error(fmt::format("{}: got a word of {} characters, expected at most {}; is it text?",
                            place, word, kLongestWord));
}

}  // namespace penalmt
