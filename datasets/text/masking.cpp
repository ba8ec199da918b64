#include "datasets/text/masking.h"

#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "datasets/text/parallel_text.h"

namespace penalmt {
namespace {

std::vector<int> positions_of(std::string_view line, const std::string& where) {
  std::vector<int> positions;
  for (const std::string_view word : split_whitespace(line)) {
    int position = 0;
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), position);
    const int least = positions.empty() ? 0 : positions.back() + 1;
    if (problem != std::errc() || end != word.data() + word.size() || position < least)
      throw Error(fmt::format(
          "{}: got '{}', expected positions of words, from 0 in ascending order", where, word));
    positions.push_back(position);
  }
  return positions;
}

}  // namespace

WordPositions read_positions(const std::filesystem::path& path) {
  WordPositions positions;
  LineReader lines(plain_or_gzip(path));
  for (std::string line; lines.next(line);)
    positions.push_back(
        positions_of(line, fmt::format("{}:{}", lines.name(), lines.line_number())));
  return positions;
}

void check_positions(const WordPositions& positions, const std::string& place,
                     const std::vector<std::string>& lines, const std::string& text_place) {
  if (positions.size() != lines.size())
    throw Error(
        fmt::format("{}: {} lines, but {} has {}; line i of one must belong to line i of the other",
                    place, positions.size(), text_place, lines.size()));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto words = static_cast<int>(split_whitespace(lines[i]).size());
    if (!positions[i].empty() && positions[i].back() >= words)
      throw Error(fmt::format("{}:{}: position {}; line {} of {} has {} words", place, i + 1,
                              positions[i].back(), i + 1, text_place, words));
  }
}

std::string mask_words(std::string_view line, const std::vector<int>& positions,
                       std::string_view token) {
  const std::vector<std::string_view> words = split_whitespace(line);
  std::string masked;
  const char* copied = line.data();
  for (const int position : positions) {
    const std::string_view word = words[static_cast<std::size_t>(position)];
    masked.append(copied, word.data()).append(token);
    copied = word.data() + word.size();
  }
  return masked.append(copied, line.data() + line.size());
}

std::vector<std::string> mask_lines(const std::vector<std::string>& lines,
                                    const WordPositions& positions, std::string_view token) {
  std::vector<std::string> masked;
  for (std::size_t i = 0; i < lines.size(); ++i)
    masked.push_back(mask_words(lines[i], positions[i], token));
  return masked;
}

}  // namespace penalmt
