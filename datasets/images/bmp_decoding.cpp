#include "datasets/images/bmp_decoding.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "base/byte_reader.h"
#include "datasets/images/undecodable.h"

namespace penalmt {
namespace {

constexpr std::size_t kFileHeader = 14;

// Red, green, blue and alpha by the header's masks, or by those that go without saying. As in
// Pillow, alpha counts with masks and 32 bits alone.
std::array<uint32_t, 4> masks_of(std::string_view bytes, const BmpHeader& header,
                                 std::size_t header_bytes) {
  if (header.compression == kBmpMasks || header.compression == kBmpMasksWithAlpha) {
    std::array<uint32_t, 4> masks = {};
    const bool has_alpha = header.compression == kBmpMasksWithAlpha || header_bytes >= 56;
    for (std::size_t c = 0; c < (has_alpha ? 4 : 3); ++c)
      masks[c] = little_endian(bytes, kFileHeader + 40 + 4 * c, 4);
    if (header.bits != 32) masks[3] = 0;
    const bool is_empty = std::all_of(masks.begin(), masks.end(), [](auto m) { return m == 0; });
    return is_empty && header.bits == 32
               ? std::array<uint32_t, 4>{0xff0000, 0xff00, 0xff, 0xff000000}
               : masks;
  }
  if (header.bits == 16) return {0x7c00, 0x3e0, 0x1f, 0};
  return {0xff0000, 0xff00, 0xff, 0};
}

// A channel of a pixel, 0 to 255; what is between two is the lower, as in Pillow.
uint8_t channel(uint32_t pixel, uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const uint64_t top = mask >> shift, value = (pixel & mask) >> shift;
  if (top == 255) return static_cast<uint8_t>(value);
  return static_cast<uint8_t>(value * 255 / top);
}

cv::Mat decode_channels(std::string_view bytes, const BmpHeader& header) {
  const bool has_alpha = header.masks[3] != 0;
  const int channels = has_alpha ? 4 : 3, pixel_bytes = static_cast<int>(header.bits / 8);
  constexpr int kOrder[] = {2, 1, 0, 3};
  cv::Mat image(static_cast<int>(header.height), static_cast<int>(header.width),
                has_alpha ? CV_8UC4 : CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    std::size_t from = header.data + static_cast<std::size_t>(y * header.row_bytes());
    uint8_t* to = image.ptr<uint8_t>(y);
    for (int x = 0; x < image.cols; ++x, from += pixel_bytes) {
      const uint32_t pixel = little_endian(bytes, from, pixel_bytes);
      for (int c = 0; c < channels; ++c) *to++ = channel(pixel, header.masks[kOrder[c]]);
    }
  }
  return image;
}

cv::Mat plain_indices(std::string_view bytes, const BmpHeader& header) {
  cv::Mat indices(static_cast<int>(header.height), static_cast<int>(header.width), CV_8U);
  const auto bits = static_cast<int>(header.bits), mask = (1 << bits) - 1;
  for (int y = 0; y < indices.rows; ++y) {
    const std::size_t row = header.data + static_cast<std::size_t>(y * header.row_bytes());
    for (int x = 0; x < indices.cols; ++x) {
      const int bit = x * bits;
      const auto byte = static_cast<int>(big_endian(bytes, row + bit / 8, 1));
      indices.at<uint8_t>(y, x) = static_cast<uint8_t>(byte >> (8 - bits - bit % 8) & mask);
    }
  }
  return indices;
}

// Pairs of bytes: a count and the colour of so many pixels (of 4 bits: two that take turns); after
// a 0: 0 the row's end, 1 the image's, 2 a step to the right and up (2 bytes), else so many colours
// of their own, in whole 16-bit words. What is passed over has colour 0.
cv::Mat unpacked_indices(std::string_view bytes, const BmpHeader& header) {
  cv::Mat indices(static_cast<int>(header.height), static_cast<int>(header.width), CV_8U,
                  cv::Scalar(0));
  const bool is_half = header.compression == kBmpRuns4;
  std::size_t at = header.data;
  int x = 0, y = 0;
  const auto next = [&] { return static_cast<int>(big_endian(bytes, at++, 1)); };
  const auto put = [&](int index) {
    if (x < indices.cols) indices.at<uint8_t>(y, x) = static_cast<uint8_t>(index);
    ++x;
  };
  const auto nibble = [](int byte, int i) { return i % 2 == 0 ? byte >> 4 : byte & 15; };
  while (y < indices.rows) {
    if (at + 2 > bytes.size()) {
      if (y == indices.rows - 1 && x >= indices.cols) break;
      throw Undecodable(
          fmt::format("damaged; a BMP's data ends before row {} of {}", y + 1, indices.rows));
    }
    const int count = next(), second = next();
    if (count > 0) {
      for (int i = 0; i < count; ++i) put(is_half ? nibble(second, i) : second);
    } else if (second == 0) {
      x = 0;
      ++y;
    } else if (second == 1) {
      break;
    } else if (second == 2) {
      x = std::min(x + next(), indices.cols);
      y += next();
    } else {
      const std::size_t begin = at;
      for (int i = 0, byte = 0; i < second; ++i) {
        if (!is_half || i % 2 == 0) byte = next();
        put(is_half ? nibble(byte, i) : byte);
      }
      at += (at - begin) % 2;
    }
  }
  return indices;
}

cv::Mat coloured(const cv::Mat& indices, std::string_view bytes, const BmpHeader& header) {
  cv::Mat image(indices.rows, indices.cols, CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    const auto* from = indices.ptr<uint8_t>(y);
    auto* to = image.ptr<cv::Vec3b>(y);
    for (int x = 0; x < image.cols; ++x) {
      if (from[x] >= header.colours)
        throw Undecodable(
            fmt::format("damaged; a pixel has colour {} of {}", from[x] + 1, header.colours));
      const std::size_t colour = header.palette + header.colour_bytes * from[x];
      for (int c = 0; c < 3; ++c)
        to[x][c] = static_cast<uint8_t>(big_endian(bytes, colour + static_cast<std::size_t>(c), 1));
    }
  }
  return image;
}

bool is_known(const BmpHeader& header) {
  const int64_t bits = header.bits;
  switch (header.compression) {
    case kBmpPlain:
      return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    case kBmpRuns8:
      return bits == 8;
    case kBmpRuns4:
      return bits == 4;
    case kBmpMasks:
      return bits == 16 || bits == 24 || bits == 32;
    case kBmpMasksWithAlpha:
      return bits == 16 || bits == 32;
    default:
      return false;
  }
}

}  // namespace

BmpHeader read_bmp_header(std::string_view bytes) {
  const auto number = [&](std::size_t at, int count) {
    return int64_t{little_endian(bytes, kFileHeader + at, count)};
  };
  BmpHeader header;
  const auto header_bytes = static_cast<std::size_t>(number(0, 4));
  const bool is_old = header_bytes == 12;
  header.width = is_old ? number(4, 2) : number(4, 4);
  const int64_t height =
      is_old ? number(6, 2) : static_cast<int32_t>(static_cast<uint32_t>(number(8, 4)));
  header.is_top_down = height < 0;
  header.height = std::abs(height);
  header.bits = is_old ? number(10, 2) : number(14, 2);
  if (!is_old) header.compression = static_cast<uint32_t>(number(16, 4));
  header.masks = masks_of(bytes, header, header_bytes);
  header.data = little_endian(bytes, 10, 4);
  header.colour_bytes = is_old ? 3 : 4;
  header.palette = kFileHeader + header_bytes;
  if (header.bits > 8) {
    const std::size_t masks = header_bytes == 40 && header.compression == kBmpMasks ? 12 : 0;
    if (header.data == 0) header.data = header.palette + masks;
    return header;
  }
  if (!is_old) header.colours = number(32, 4);
  if (header.colours == 0) header.colours = int64_t{1} << header.bits;
  // Some programs forget the palette where they say where the pixels begin (Pillow knows them too).
  if (header.data == 0 || header.data == header.palette)
    header.data = header.palette + header.colour_bytes * static_cast<std::size_t>(header.colours);
  return header;
}

cv::Mat decode_bmp(std::string_view bytes) {
  const BmpHeader header = read_bmp_header(bytes);
  const uint32_t header_bytes = little_endian(bytes, kFileHeader, 4);
  constexpr uint32_t kKnown[] = {12, 40, 52, 56, 64, 108, 124};
  if (std::find(std::begin(kKnown), std::end(kKnown), header_bytes) == std::end(kKnown))
    throw Undecodable(fmt::format(
        "a BMP with a header of {} bytes; expected 12, 40, 52, 56, 64, 108 or 124", header_bytes));
  if (!is_known(header))
    throw Undecodable(fmt::format("a BMP of {} bits a pixel with compression {}, which is not read",
                                  header.bits, header.compression));
  const auto needed = [&](std::size_t end) {
    if (bytes.size() < end)
      throw Undecodable(fmt::format("cut off; got {} bytes, expected {}", bytes.size(), end));
  };
  if (!header.has_runs())
    needed(header.data + static_cast<std::size_t>(header.row_bytes() * header.height));
  cv::Mat image;
  if (header.bits > 8) {
    image = decode_channels(bytes, header);
  } else {
    needed(header.palette + header.colour_bytes * static_cast<std::size_t>(header.colours));
    image =
        coloured(header.has_runs() ? unpacked_indices(bytes, header) : plain_indices(bytes, header),
                 bytes, header);
  }
  if (!header.is_top_down) cv::flip(image, image, 0);
  return image;
}

}  // namespace penalmt
