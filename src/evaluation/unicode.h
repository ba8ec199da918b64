// Text as Python's str methods see it, because sacreBLEU's numbers depend on them: which characters
// are white space, and lower case. All text is valid UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <unicode/utf8.h>

namespace penalmt {

// Splits at runs of Unicode white space (no-break and ideographic spaces, U+001C to U+001F and
// U+0085 included; the zero-width space is none); no empty parts. The parts point into `text`. Like
// str.split().
std::vector<std::string_view> split_unicode_whitespace(std::string_view text);

// Without the white space at its start. Like str.lstrip().
std::string_view trim_start(std::string_view text);

// Without the white space at its end, a "\r" included. Like str.rstrip().
std::string_view trim_end(std::string_view text);

// What Unicode's general category (of version 17, as the `regex` package of sacreBLEU's day has it)
// makes of a character.
enum class CharacterKind : uint8_t { kOther, kNumber, kPunctuation, kSymbol };
CharacterKind kind_of(int32_t code_point);

// Full Unicode lower case, with the final sigma and without a language's own rules. Like
// str.lower(). Throws MachineError where ICU fails, as without memory.
std::string lowercase(std::string_view text);

}  // namespace penalmt
