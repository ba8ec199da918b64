// Characters (code points) of text that is valid UTF-8.
#pragma once

#include <unicode/utf8.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penalmt {

// True for the second to the last byte of a character.
inline bool continues_character(char byte) { return (byte & 0xC0) == 0x80; }

// Calls use(character, its code point) for each character.
template <class Use>
void for_each_character(std::string_view text, Use use) {
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < length;) {
    const int32_t begin = i;
    UChar32 code = 0;
    U8_NEXT_UNSAFE(text.data(), i, code);
    use(text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(i - begin)),
        static_cast<int32_t>(code));
  }
}

inline std::size_t count_characters(std::string_view text) {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

}  // namespace penalmt
