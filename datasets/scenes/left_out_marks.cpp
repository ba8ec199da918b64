#include "datasets/scenes/left_out_marks.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ascii.h"
#include "base/error.h"
#include "base/line_reader.h"
#include "base/text.h"

namespace penalmt {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view part : split_whitespace(text)) words.emplace_back(part);
  return words;
}

// Lower-cased, without the punctuation that untokenised text has at a word's ends. (The nouns,
// colours and numbers that are looked for begin with ASCII letters, so other capitals may stay.)
std::vector<std::string> plain_words(std::string_view text) {
  constexpr std::string_view kPunctuation = ".,;:!?\"'()";
  std::vector<std::string> words;
  for (std::string& word : words_of(text)) {
    const std::size_t begin = word.find_first_not_of(kPunctuation);
    if (begin == std::string::npos) {
      words.push_back(word);  // a mark of its own still takes a place
      continue;
    }
    words.push_back(
        lowercase_ascii(word.substr(begin, word.find_last_not_of(kPunctuation) - begin + 1)));
  }
  return words;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

int64_t whole_number(const std::string& text, const std::string& where, const std::string& column) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(fmt::format("{}: {}: got '{}', expected a whole number", where, column, text));
  return number;
}

LeftOutMark parse_mark(const std::string& line, const std::string& where) {
  std::vector<std::string> columns(1);
  for (const char c : line) {
    if (c == '\t')
      columns.emplace_back();
    else
      columns.back() += c;
  }
  if (columns.size() != 7)
    throw Error(fmt::format("{}: expected 7 tab-separated columns, got {}", where, columns.size()));
  LeftOutMark mark{.attribute = columns[0],
                   .value = columns[1],
                   .choices = whole_number(columns[2], where, "choices"),
                   .phrase = columns[3],
                   .right = words_of(columns[4]),
                   .nouns = words_of(columns[5]),
                   .offsets = {}};
  for (const std::string& offset : words_of(columns[6]))
    mark.offsets.push_back(static_cast<int>(whole_number(offset, where, "offsets")));
  if (mark.choices < 1)
    throw Error(fmt::format("{}: choices: got {}, expected at least 1", where, mark.choices));
  if (mark.right.empty() || mark.nouns.empty() || mark.offsets.empty())
    throw Error(fmt::format("{}: right, nouns and offsets need at least one entry each", where));
  return mark;
}

}  // namespace

std::string left_out_header() { return "attribute\tvalue\tchoices\tphrase\tright\tnouns\toffsets"; }

std::string to_line(const LeftOutMark& mark) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}", mark.attribute, mark.value, mark.choices,
                     mark.phrase, fmt::join(mark.right, " "), fmt::join(mark.nouns, " "),
                     fmt::join(mark.offsets, " "));
}

std::vector<LeftOutMark> read_left_out_marks(const std::filesystem::path& path) {
  LineReader lines(path);
  std::string line;
  if (!lines.next(line) || line != left_out_header())
    throw Error(
        fmt::format("{}:1: not a file of left-out words; expected the columns attribute, value, "
                    "choices, phrase, "
                    "right, nouns, offsets",
                    path.string()));
  std::vector<LeftOutMark> marks;
  while (lines.next(line))
    marks.push_back(parse_mark(line, fmt::format("{}:{}", path.string(), lines.line_number())));
  return marks;
}

bool is_right(const std::string& hypothesis, const LeftOutMark& mark) {
  const std::vector<std::string> words = plain_words(hypothesis);
  bool found = false;
  for (int noun = 0; noun < static_cast<int>(words.size()); ++noun) {
    if (!contains(mark.nouns, words[noun])) continue;
    found = true;
    const bool said = std::any_of(mark.offsets.begin(), mark.offsets.end(), [&](int offset) {
      const int at = noun + offset;
      return at >= 0 && at < static_cast<int>(words.size()) && contains(mark.right, words[at]);
    });
    if (!said) return false;
  }
  return found;
}

std::vector<bool> right_words(const std::vector<std::string>& hypotheses,
                              const std::vector<LeftOutMark>& marks) {
  if (hypotheses.size() != marks.size())
    throw Error(
        fmt::format("left-out words: {} hypotheses, but {} marks; line i of one must belong to "
                    "line i of the other",
                    hypotheses.size(), marks.size()));
  std::vector<bool> right;
  for (std::size_t i = 0; i < marks.size(); ++i) right.push_back(is_right(hypotheses[i], marks[i]));
  return right;
}

}  // namespace penalmt
