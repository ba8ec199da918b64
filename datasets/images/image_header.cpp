#include "datasets/images/image_header.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "datasets/images/byte_reader.h"

namespace penalmt {
namespace {

constexpr std::string_view kExif("Exif\0\0", 6);

// EXIF is a small TIFF: byte order, 42, where the list of fields begins; a field is: tag, type,
// count, value.
int exif_orientation(std::string_view exif) {
  if (exif.starts_with(kExif)) exif.remove_prefix(kExif.size());
  const bool little = exif.starts_with("II");
  const auto number = little ? little_endian : big_endian;
  if ((!little && !exif.starts_with("MM")) || number(exif, 2, 2) != 42) return 1;
  const std::size_t list = number(exif, 4, 4);
  for (std::size_t field = 0; field < number(exif, list, 2); ++field) {
    const std::size_t at = list + 2 + 12 * field;
    if (at + 12 > exif.size()) return 1;
    constexpr uint32_t kOrientation = 0x112, kShort = 3;
    if (number(exif, at, 2) != kOrientation || number(exif, at + 2, 2) != kShort) continue;
    const uint32_t value = number(exif, at + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// Segments: 0xff, marker, length (of itself and what follows). The size stands in the first "start
// of frame".
void read_jpeg(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::jpeg;
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    const uint32_t marker = big_endian(bytes, at + 1, 1);
    if (big_endian(bytes, at, 1) != 0xff) return;
    if (marker == 0xff) {  // a filling byte
      ++at;
      continue;
    }
    const uint32_t length = big_endian(bytes, at + 2, 2);
    const std::string_view segment =
        bytes.substr(std::min(at + 4, bytes.size()), std::max(length, 2U) - 2);
    if (marker == 0xe1 && segment.starts_with(kExif) && header.orientation == 1)
      header.orientation = exif_orientation(segment);
    const bool is_frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (is_frame) {
      header.height = big_endian(segment, 1, 2);
      header.width = big_endian(segment, 3, 2);
      return;
    }
    at += 2 + std::max(length, 2U);
  }
}

// Chunks: length, name, data, checksum; the first is IHDR.
void read_png(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::png;
  header.width = big_endian(bytes, 16, 4);
  header.height = big_endian(bytes, 20, 4);
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at, 4);
    if (bytes.substr(at + 4, 4) == "eXIf")
      header.orientation = exif_orientation(bytes.substr(at + 8, length));
    at += 12 + length;
  }
}

// Chunks: name, length, data up to an even byte.
void read_webp(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::webp;
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::string_view name = bytes.substr(at, 4);
    const std::size_t length = little_endian(bytes, at + 4, 4);
    const std::string_view data = bytes.substr(at + 8, length);
    const bool is_first = at == 12;
    if (is_first && name == "VP8 ") {
      header.width = little_endian(data, 6, 2) & 0x3fff;
      header.height = little_endian(data, 8, 2) & 0x3fff;
    } else if (is_first && name == "VP8L") {
      const uint32_t sizes = little_endian(data, 1, 4);
      header.width = 1 + (sizes & 0x3fff);
      header.height = 1 + (sizes >> 14 & 0x3fff);
    } else if (is_first && name == "VP8X") {
      header.animated = (little_endian(data, 0, 1) & 2) != 0;
      header.width = 1 + little_endian(data, 4, 3);
      header.height = 1 + little_endian(data, 7, 3);
    } else if (name == "EXIF") {
      header.orientation = exif_orientation(data);
    }
    at += 8 + length + length % 2;
  }
}

// Too large for a count of its bytes; no decoder takes it.
bool is_huge(const ImageHeader& header) {
  return header.height > 0 && header.width > 1'000'000'000 / header.height;
}

void read_bmp(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::bmp;
  const bool is_old = little_endian(bytes, 14, 4) == 12;
  header.width = is_old ? little_endian(bytes, 18, 2) : little_endian(bytes, 18, 4);
  // Negative where the first row is the upper one.
  header.height = is_old ? little_endian(bytes, 20, 2)
                         : std::abs(int64_t{static_cast<int32_t>(little_endian(bytes, 22, 4))});
  if (is_huge(header)) return;
  const int64_t bits = little_endian(bytes, is_old ? 24 : 28, 2);
  const bool is_packed =
      !is_old && little_endian(bytes, 30, 4) != 0 && little_endian(bytes, 30, 4) != 3;
  if (!is_packed)
    header.bytes = little_endian(bytes, 10, 4) +
                   (header.width * bits + 31) / 32 * 4 * header.height;  // rows of whole words
}

// "P6 640 480 ...", numbers with white space and comments (# to the line's end) before them.
void read_pnm(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::pnm;
  std::size_t at = 2;
  const auto next = [&]() -> int64_t {
    while (at < bytes.size() &&
           (std::isspace(static_cast<unsigned char>(bytes[at])) || bytes[at] == '#')) {
      at = bytes[at] == '#' ? std::min(bytes.find('\n', at), bytes.size()) : at + 1;
    }
    int64_t number = 0;
    for (; at < bytes.size() && std::isdigit(static_cast<unsigned char>(bytes[at])) &&
           number < 1'000'000'000;
         ++at)
      number = 10 * number + (bytes[at] - '0');
    return number;
  };
  header.width = next();
  header.height = next();
  const char kind =
      bytes[1];  // 4: a bit a pixel, 5: grey, 6: RGB; below 4 they are written as text
  if (kind < '4' || is_huge(header)) return;
  const int64_t depth = kind == '4' ? 0 : next() > 255 ? 2 : 1;
  const int64_t row =
      kind == '4' ? (header.width + 7) / 8 : header.width * depth * (kind == '6' ? 3 : 1);
  header.bytes = static_cast<int64_t>(at) + 1 + row * header.height;
}

}  // namespace

std::string_view other_kind(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.empty()) return "an empty file";
  if (bytes.starts_with("GIF8")) return "a GIF";
  if (bytes.starts_with("II*\0"sv) || bytes.starts_with("MM\0*"sv)) return "a TIFF";
  if (bytes.size() > 12 && bytes.substr(4, 4) == "ftyp") return "an AVIF, HEIF or film";
  if (bytes.starts_with("%PDF")) return "a PDF";
  return "";
}

std::optional<ImageHeader> read_image_header(std::string_view bytes) {
  ImageHeader header;
  if (bytes.starts_with("\xff\xd8\xff")) read_jpeg(bytes, header);
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) read_png(bytes, header);
  if (bytes.starts_with("RIFF") && bytes.size() > 12 && bytes.substr(8, 4) == "WEBP")
    read_webp(bytes, header);
  if (bytes.starts_with("BM")) read_bmp(bytes, header);
  if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6')
    read_pnm(bytes, header);
  if (header.width == 0 || header.height == 0) return std::nullopt;
  return header;
}

}  // namespace penalmt
