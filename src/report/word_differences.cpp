#include "report/word_differences.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>

namespace penalmt {
namespace {
constexpr std::size_t kMaxCells = 16'000'000;  // of the table; beyond, only presence counts
}

std::vector<bool> words_in_common(const std::vector<std::string_view>& sentence,
                                  const std::vector<std::string_view>& other) {
  const std::size_t rows = sentence.size(), columns = other.size();
  std::vector<bool> common(rows, false);
  if ((rows + 1) * (columns + 1) > kMaxCells) {
    const std::unordered_set<std::string_view> present(other.begin(), other.end());
    std::transform(sentence.begin(), sentence.end(), common.begin(),
                   [&](std::string_view word) { return present.contains(word); });
    return common;
  }
  // length[i][j]: of the longest common subsequence of sentence[i..] and other[j..].
  std::vector<int32_t> length((rows + 1) * (columns + 1), 0);
  const auto at = [&](std::size_t i, std::size_t j) -> int32_t& {
    return length[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;)
    for (std::size_t j = columns; j-- > 0;)
      at(i, j) =
          sentence[i] == other[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
  for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
    if (sentence[i] == other[j])
      common[i++] = true, ++j;
    else if (at(i, j + 1) >= at(i + 1, j))
      ++j;
    else
      ++i;
  }
  return common;
}

}  // namespace penalmt
