#include "evaluation/unicode.h"

#include <algorithm>
#include <memory>

#include <unicode/ucasemap.h>
#include <unicode/uchar.h>

#include "base/ascii.h"
#include "base/error.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

bool is_ascii_whitespace(unsigned char c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
}

// The length in bytes of the white-space character at the start of `text`; 0 where there is none.
std::size_t whitespace_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = byte(0);
  if (first < 0x80)
    return !text.empty() && is_ascii_whitespace(static_cast<unsigned char>(first)) ? 1 : 0;
  if (first == 0xC2) return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;  // U+0085, U+00A0
  const unsigned code = first << 16 | byte(1) << 8 | byte(2);
  const bool found = code == 0xE19A80                           // U+1680
                     || (code >= 0xE28080 && code <= 0xE2808A)  // U+2000 to U+200A
                     || code == 0xE280A8 || code == 0xE280A9    // U+2028, U+2029
                     || code == 0xE280AF || code == 0xE2819F    // U+202F, U+205F
                     || code == 0xE38080;                       // U+3000
  return found ? 3 : 0;
}

// Debian 12's ICU knows Unicode 15; these characters came with 15.1 to 17.
struct NewCharacters {
  int32_t first, last;
  CharacterKind kind;
};
constexpr auto kNumber = CharacterKind::kNumber, kPunctuation = CharacterKind::kPunctuation,
               kSymbol = CharacterKind::kSymbol;
constexpr NewCharacters kNewCharacters[] = {
    {0x1B4E, 0x1B4F, kPunctuation},   {0x1B7F, 0x1B7F, kPunctuation},
    {0x20C1, 0x20C1, kSymbol},        {0x2427, 0x2429, kSymbol},
    {0x2B96, 0x2B96, kSymbol},        {0x2FFC, 0x2FFF, kSymbol},
    {0x31E4, 0x31E5, kSymbol},        {0x31EF, 0x31EF, kSymbol},
    {0xFBC3, 0xFBD2, kSymbol},        {0xFD90, 0xFD91, kSymbol},
    {0xFDC8, 0xFDCE, kSymbol},        {0x10D40, 0x10D49, kNumber},
    {0x10D6E, 0x10D6E, kPunctuation}, {0x10D8E, 0x10D8F, kSymbol},
    {0x10ED0, 0x10ED0, kPunctuation}, {0x10ED1, 0x10ED8, kSymbol},
    {0x113D4, 0x113D5, kPunctuation}, {0x113D7, 0x113D8, kPunctuation},
    {0x116D0, 0x116E3, kNumber},      {0x11BE1, 0x11BE1, kPunctuation},
    {0x11BF0, 0x11BF9, kNumber},      {0x11DE0, 0x11DE9, kNumber},
    {0x16130, 0x16139, kNumber},      {0x16D6D, 0x16D6F, kPunctuation},
    {0x16D70, 0x16D79, kNumber},      {0x16FF4, 0x16FF6, kNumber},
    {0x1CC00, 0x1CCEF, kSymbol},      {0x1CCF0, 0x1CCF9, kNumber},
    {0x1CCFA, 0x1CCFC, kSymbol},      {0x1CD00, 0x1CEB3, kSymbol},
    {0x1CEBA, 0x1CED0, kSymbol},      {0x1CEE0, 0x1CEF0, kSymbol},
    {0x1E5F1, 0x1E5FA, kNumber},      {0x1E5FF, 0x1E5FF, kPunctuation},
    {0x1F6D8, 0x1F6D8, kSymbol},      {0x1F777, 0x1F77A, kSymbol},
    {0x1F8B2, 0x1F8BB, kSymbol},      {0x1F8C0, 0x1F8C1, kSymbol},
    {0x1F8D0, 0x1F8D8, kSymbol},      {0x1FA54, 0x1FA57, kSymbol},
    {0x1FA89, 0x1FA8A, kSymbol},      {0x1FA8E, 0x1FA8F, kSymbol},
    {0x1FABE, 0x1FABE, kSymbol},      {0x1FAC6, 0x1FAC6, kSymbol},
    {0x1FAC8, 0x1FAC8, kSymbol},      {0x1FACD, 0x1FACD, kSymbol},
    {0x1FADC, 0x1FADC, kSymbol},      {0x1FADF, 0x1FADF, kSymbol},
    {0x1FAE9, 0x1FAEA, kSymbol},      {0x1FAEF, 0x1FAEF, kSymbol},
    {0x1FBCB, 0x1FBEF, kSymbol},      {0x1FBFA, 0x1FBFA, kSymbol},
};

CharacterKind looked_up_kind(int32_t code_point) {
  const uint32_t mask = U_GET_GC_MASK(code_point);
  if (mask & U_GC_N_MASK) return kNumber;
  if (mask & U_GC_P_MASK) return kPunctuation;
  if (mask & U_GC_S_MASK) return kSymbol;
  for (const NewCharacters& range : kNewCharacters)
    if (code_point >= range.first && code_point <= range.last) return range.kind;
  return CharacterKind::kOther;
}

}  // namespace

CharacterKind kind_of(int32_t code_point) {
  static const std::vector<CharacterKind> common = [] {
    std::vector<CharacterKind> kinds;
    for (int32_t code = 0; code < 0x10000; ++code) kinds.push_back(looked_up_kind(code));
    return kinds;
  }();
  const auto index = static_cast<std::size_t>(code_point);
  return index < common.size() ? common[index] : looked_up_kind(code_point);
}

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

std::string_view trim_start(std::string_view text) {
  while (const std::size_t length = whitespace_length(text)) text.remove_prefix(length);
  return text;
}

std::string_view trim_end(std::string_view text) {
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && continues_character(text[start])) --start;
    if (whitespace_length(text.substr(start)) != text.size() - start) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

std::string lowercase(std::string_view text) {
  std::string lowered(text);
  if (std::all_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return lowercase_ascii(std::move(lowered));
  UErrorCode status = U_ZERO_ERROR;
  static const std::unique_ptr<UCaseMap, void (*)(UCaseMap*)> map(ucasemap_open("", 0, &status),
                                                                  ucasemap_close);
  const auto run = [&] {
    status = U_ZERO_ERROR;
    return ucasemap_utf8ToLower(map.get(), lowered.data(), static_cast<int32_t>(lowered.size()),
                                text.data(), static_cast<int32_t>(text.size()), &status);
  };
  int32_t length = run();
  if (status == U_BUFFER_OVERFLOW_ERROR) {
    lowered.resize(static_cast<std::size_t>(length));
    length = run();
  }
  if (U_FAILURE(status))
    throw MachineError(std::string("ICU: cannot lower-case: ") + u_errorName(status));
  lowered.resize(static_cast<std::size_t>(length));
  return lowered;
}

}  // namespace penalmt
