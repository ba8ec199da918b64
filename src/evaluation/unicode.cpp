#include "evaluation/unicode.h"

#include <algorithm>
#include <memory>

#include <unicode/ucasemap.h>

#include "base/error.h"

namespace penalmt {
namespace {

bool is_ascii_whitespace(unsigned char c) { return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F); }

// The length in bytes of the white-space character at the start of `text`; 0 where there is none.
std::size_t whitespace_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) return !text.empty() && is_ascii_whitespace(static_cast<unsigned char>(first)) ? 1 : 0;
  if (first == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;  // U+0085, U+00A0
  const unsigned code = first << 16 | byte(1) << 8 | byte(2);
  const bool found = code == 0xE19A80                           // U+1680
                     || (code >= 0xE28080 && code <= 0xE2808A)  // U+2000 to U+200A
                     || code == 0xE280A8 || code == 0xE280A9    // U+2028, U+2029
                     || code == 0xE280AF || code == 0xE2819F    // U+202F, U+205F
                     || code == 0xE38080;                       // U+3000
  return found ? 3 : 0;
}

}  // namespace

std::vector<std::string_view> split_unicode_whitespace(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0, i = 0;
  while (i < text.size()) {
    const std::size_t length = whitespace_length(text.substr(i));
    if (length == 0) {
      ++i;
      continue;
    }
    if (i > begin) parts.push_back(text.substr(begin, i - begin));
    begin = i += length;
  }
  if (i > begin) parts.push_back(text.substr(begin));
  return parts;
}

std::string_view trim_end(std::string_view text) {
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    if (whitespace_length(text.substr(start)) != text.size() - start) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

std::string lowercase(std::string_view text) {
  std::string lowered(text);
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    for (char& c : lowered)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
  }
  UErrorCode status = U_ZERO_ERROR;
  static const std::unique_ptr<UCaseMap, void (*)(UCaseMap*)> map(ucasemap_open("", 0, &status), ucasemap_close);
  const auto run = [&] {
    status = U_ZERO_ERROR;
    return ucasemap_utf8ToLower(map.get(), lowered.data(), static_cast<int32_t>(lowered.size()), text.data(),
                                static_cast<int32_t>(text.size()), &status);
  };
  int32_t length = run();
  if (status == U_BUFFER_OVERFLOW_ERROR) {
    lowered.resize(static_cast<std::size_t>(length));
    length = run();
  }
  if (U_FAILURE(status)) throw MachineError(std::string("ICU: cannot lower-case: ") + u_errorName(status));
  lowered.resize(static_cast<std::size_t>(length));
  return lowered;
}

}  // namespace penalmt
