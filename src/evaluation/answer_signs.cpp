#include "evaluation/answer_signs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/progress.h"
#include "base/text.h"

namespace penalmt {
namespace {

constexpr std::size_t kLongestUnit = 4;
constexpr std::size_t kTimes = 4, kTimesOfOne = 5;
constexpr std::size_t kFewestWords = 4;

// An escape such as "&apos;" is a mark, no word.
bool is_word(std::string_view token) {
  return token.front() != '&' && std::any_of(token.begin(), token.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
         });
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words = split_whitespace(line);
  std::erase_if(words, [](std::string_view word) { return !is_word(word); });
  return words;
}

}  // namespace

bool repeats_itself(const std::vector<std::string_view>& tokens) {
  for (std::size_t unit = 1; unit <= kLongestUnit; ++unit) {
    const std::size_t enough = unit * ((unit == 1 ? kTimesOfOne : kTimes) - 1);
    std::size_t equal = 0;  // tokens in a row that are those of one unit before
    for (std::size_t i = unit; i < tokens.size(); ++i) {
      equal = tokens[i] == tokens[i - unit] ? equal + 1 : 0;
      if (equal == enough) return true;
    }
  }
  return false;
}

bool copies_source(std::string_view source, std::string_view answer) {
  std::map<std::string_view, std::size_t> left;
  for (const std::string_view word : words_of(source)) ++left[word];
  const std::vector<std::string_view> words = words_of(answer);
  std::size_t copied = 0;
  for (const std::string_view word : words) {
    const auto found = left.find(word);
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++copied;
  }
  return words.size() >= kFewestWords && 10 * copied >= 8 * words.size();
}

void AnswerSigns::add(bool repeats, bool copies, int64_t line) {
  ++lines;
  if (repeats && ++repeating == 1) first_repeating = line;
  if (copies && ++copied == 1) first_copied = line;
}

std::string AnswerSigns::text() const {
  std::string text;
  if (repeating > 0)
    text = fmt::format("{} of {} translations say{} one thing over and over, first in line {}",
                       with_commas(repeating), with_commas(lines), repeating == 1 ? "s" : "",
                       first_repeating);
  if (copied > 0)
    text += fmt::format("{}{} of {} translations repeat{} the source, first in line {}",
                        text.empty() ? "" : "; ", with_commas(copied), with_commas(lines),
                        copied == 1 ? "s" : "", first_copied);
  return text;
}

AnswerSigns signs_of(const std::vector<std::string>& answers,
                     const std::vector<std::string>& sources) {
  AnswerSigns signs;
  for (std::size_t i = 0; i < answers.size(); ++i)
    signs.add(repeats_itself(split_whitespace(answers[i])),
              !sources.empty() && copies_source(sources[i], answers[i]));
  return signs;
}

}  // namespace penalmt
