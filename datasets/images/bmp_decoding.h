// BMP by our own hand: OpenCV knows neither the masks of its channels nor its transparency.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <opencv2/core/mat.hpp>

namespace penalmt {

// "BM", the file's size (4 bytes), 4 unused, where the pixels begin (4); then a header that says
// its own size. What it says of the image:
struct BmpHeader {
  int64_t width = 0, height = 0;
  bool is_top_down = false;  // rows are stored from the lowest up, unless the height is negative
  int64_t bits = 0;          // of a pixel
  uint32_t compression = 0;  // kBmpPlain, ...
  int64_t colours = 0;       // of the palette, where pixels have up to 8 bits
  std::array<uint32_t, 4> masks = {};  // red, green, blue, alpha; where pixels have 16 bits or more
  std::size_t palette = 0, colour_bytes = 4;  // where it begins; blue, green, red (and one unused)
  std::size_t data = 0;                       // where the pixels begin

  bool has_runs() const { return compression == 1 || compression == 2; }
  int64_t row_bytes() const { return (width * bits + 31) / 32 * 4; }  // whole words
};

inline constexpr uint32_t kBmpPlain = 0, kBmpRuns8 = 1, kBmpRuns4 = 2, kBmpMasks = 3,
                          kBmpMasksWithAlpha = 6;

// What lies beyond the end counts as 0. `bytes` begin with "BM".
BmpHeader read_bmp_header(std::string_view bytes);

// 8-bit BGR or, where there is a mask of alpha, BGRA. Throws Undecodable: "a BMP with a header of 0
// bytes; expected 12, 40, 52, 56, 64, 108 or 124", "a BMP of 7 bits a pixel with compression 4,
// which is not read", "cut off; got 60 bytes, expected 70", "damaged; a pixel has colour 9 of 2",
// "damaged; a BMP's data ends before row 5 of 20".
cv::Mat decode_bmp(std::string_view bytes);

}  // namespace penalmt
