// Numbers inside the bytes of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penalmt {

// The unsigned number in `count` bytes (1 to 4) from `at` on; what lies beyond the end counts as 0.
inline uint32_t big_endian(std::string_view bytes, std::size_t at, int count) {
  uint32_t number = 0;
  for (int i = 0; i < count; ++i)
    number = number << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
  return number;
}

inline uint32_t little_endian(std::string_view bytes, std::size_t at, int count) {
  uint32_t number = 0;
  for (int i = count - 1; i >= 0; --i)
    number = number << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
  return number;
}

}  // namespace penalmt
