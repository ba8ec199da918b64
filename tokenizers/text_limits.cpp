#include "tokenizers/text_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

// The characters of the longest word.
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

std::optional<std::string> too_long(std::string_view line) {
  const std::size_t word = longest_word(line);
  if (word > kLongestWord)
    return fmt::format("a word of {} characters, expected at most {}", word, kLongestWord);
  if (line.size() > kLongestLine)
    return fmt::format("a line of {} bytes, expected at most {}", line.size(), kLongestLine);
  return std::nullopt;
}

std::string_view within_limits(std::string_view line) {
  std::size_t word = 0, end = 0;
  for (std::size_t i = 0; i < line.size() && i <= kLongestLine; ++i) {
    if (continues_character(line[i])) continue;
    end = i;  // all before is whole
    word = line[i] == ' ' ? 0 : word + 1;
    if (word > kLongestWord) return line.substr(0, end);
  }
  return line.size() <= kLongestLine ? line : line.substr(0, end);
}

void expect_within_limits(std::string_view line, const std::string& place) {
  if (const auto problem = too_long(line))
    throw Error(fmt::format("{}: got {}; is it text?", place, *problem));
}

}  // namespace penalmt
