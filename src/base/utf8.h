// Characters (code points) of text that is valid UTF-8, without decoding them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace penalmt {

// True for the second to the last byte of a character.
inline bool continues_character(char byte) { return (byte & 0xC0) == 0x80; }

inline std::size_t count_characters(std::string_view text) {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

}  // namespace penalmt
