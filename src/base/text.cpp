#include "base/text.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

constexpr std::string_view kWhitespace = " \t\n\r\f\v";

// Unicode's white space, and the two characters of width zero that editors leave behind: the
// zero-width space and the byte order mark.
bool is_space(UChar32 code) { return u_isUWhiteSpace(code) || code == 0x200B || code == 0xFEFF; }

// The length of the white space that `text` begins with.
std::size_t leading_space(std::string_view text) {
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < length;) {
    const int32_t begin = i;
    UChar32 code = 0;
    U8_NEXT(text.data(), i, length, code);
    if (!is_space(code)) return static_cast<std::size_t>(begin);
  }
  return text.size();
}

// Edit distance in which an insertion, a deletion, a replacement and a swap of two neighbours cost
// 1 each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] =
          std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, std::exchange(now, std::move(before_last)));
  }
  return last[b.size()];
}

}  // namespace

// The well-formed sequences of the Unicode Standard, table 3-7: after each first byte, the range of
// the second one.
std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned char first = bytes[i];
    if (first < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                               : first >= 0xE0 && first <= 0xEF ? 3
                               : first >= 0xF0 && first <= 0xF4 ? 4
                                                                : 0;
    if (length == 0 || i + length > text.size()) return i;
    const unsigned char lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (bytes[i + 1] < lowest || bytes[i + 1] > highest) return i;
    for (std::size_t k = 2; k < length; ++k) {
      if (!continues_character(text[i + k])) return i;
    }
    i += length;
  }
  return std::nullopt;
}

void expect_no_nul(std::string_view line, const std::string& place) {
  if (const std::size_t nul = line.find('\0'); nul != std::string_view::npos)
    throw Error(
        place + ": a NUL byte at byte " + std::to_string(nul + 1) +
        "; no text has one; where it is UTF-16, iconv -f UTF-16 -t UTF-8 makes UTF-8 of it");
}

void clean_line(std::string& line) {
  while (line.ends_with('\r')) line.pop_back();
  if (leading_space(line) == line.size()) line.clear();
}

std::string single_spaced(std::string_view text) {
  std::string spaced;
  for (std::size_t i = leading_space(text); i < text.size();) {
    const std::size_t space = leading_space(text.substr(i));
    if (i + space == text.size()) break;
    if (space > 0) spaced += ' ';
    i += space;
    int32_t length = 0;
    U8_FWD_1(text.data() + i, length, static_cast<int32_t>(text.size() - i));
    spaced.append(text.substr(i, static_cast<std::size_t>(length)));
    i += static_cast<std::size_t>(length);
  }
  return spaced;
}

std::vector<std::string_view> split_whitespace(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = text.find_first_not_of(kWhitespace);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kWhitespace, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kWhitespace, end);
  }
  return parts;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = 1 + word.size() / 4 + 1;  // one slip, and one more every four letters
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::optional<std::string> candidate = nearest(word, candidates);
  return candidate ? "; did you mean '" + *candidate + "'?" : "";
}

}  // namespace penalmt
