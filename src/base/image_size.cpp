#include "base/image_size.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/image_signatures.h"

namespace penalmt {
namespace {

// A chain of segments: 0xff, marker, length (of itself and what follows). The first "start of
// frame" holds the precision (1 byte), the height (2) and the width (2); the image's data come
// behind the first "start of scan".
std::optional<ImageSize> size_of_jpeg(std::string_view bytes) {
  for (std::size_t at = 2; at + 9 <= bytes.size() && big_endian(bytes, at, 1) == 0xff;) {
    const uint32_t marker = big_endian(bytes, at + 1, 1);
    if (marker == 0xff) {  // a filling byte
      ++at;
      continue;
    }
    const bool is_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) return ImageSize{big_endian(bytes, at + 7, 2), big_endian(bytes, at + 5, 2)};
    if (marker == 0xda) break;
    at += 2 + std::max(big_endian(bytes, at + 2, 2), 2U);
  }
  return std::nullopt;
}

}  // namespace

std::optional<ImageSize> image_size(std::string_view bytes) {
  if (is_jpeg(bytes)) return size_of_jpeg(bytes);
  if (is_png(bytes) && bytes.size() >= 24)
    return ImageSize{big_endian(bytes, 16, 4), big_endian(bytes, 20, 4)};
  if (is_gif(bytes) && bytes.size() >= 10)
    return ImageSize{little_endian(bytes, 6, 2), little_endian(bytes, 8, 2)};
  return std::nullopt;
}

}  // namespace penalmt
