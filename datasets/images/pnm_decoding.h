// Portable maps by our own hand: OpenCV takes every largest value but 65,535 for 255.
//
//   P1 P2 P3   numbers as text: a bit (1 is black), grey, RGB
//   P4 P5 P6   the same in bytes: eight bits a byte, one byte a value, two where the largest value
//              is above 255
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <opencv2/core/mat.hpp>

namespace penalmt {

// "P6 640 480 255" and one white space; a comment (# to the line's end) may stand before a number.
struct PnmHeader {
  char kind = '6';  // '1' to '6'
  int64_t width = 0, height = 0;
  int64_t top = 1;       // the largest value
  std::size_t data = 0;  // where the pixels begin

  bool is_text() const { return kind <= '3'; }
  bool is_bits() const { return kind == '1' || kind == '4'; }
  int64_t channels() const { return kind == '3' || kind == '6' ? 3 : 1; }
  // Of a row that is not text.
  int64_t row_bytes() const {
    return kind == '4' ? (width + 7) / 8 : width * channels() * (top > 255 ? 2 : 1);
  }
};

// nullopt where the bytes do not begin so. Numbers of more than nine digits are none.
std::optional<PnmHeader> read_pnm_header(std::string_view bytes);

// 8-bit BGR, values scaled by the largest one; one above it counts as it. Throws Undecodable
// "damaged; a PNM's largest value is 0; expected 1 to 65,535", "cut off; got 60 bytes, expected
// 70", "damaged; got 3 of 8 values", "damaged; the value at byte 12 is no number up to 255".
cv::Mat decode_pnm(std::string_view bytes);

}  // namespace penalmt
