#include "datasets/images/image_header.h"

#include <algorithm>
#include <string>

#include <zlib.h>

#include "base/byte_reader.h"
#include "base/image_signatures.h"
#include "base/image_size.h"
#include "datasets/images/bmp_decoding.h"
#include "datasets/images/exif_orientation.h"
#include "datasets/images/pnm_decoding.h"

namespace penalmt {
namespace {

using namespace std::string_view_literals;

void set_size(std::string_view bytes, ImageHeader& header) {
  const ImageSize size = image_size(bytes).value_or(ImageSize{});
  header.width = size.width;
  header.height = size.height;
}

// Segments: 0xff, marker, length (of itself and what follows); the image's data come behind the
// first "start of scan".
void read_jpeg(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::jpeg;
  set_size(bytes, header);
  Orientation orientation;
  for (std::size_t at = 2; at + 4 <= bytes.size();) {
    const uint32_t marker = big_endian(bytes, at + 1, 1);
    if (big_endian(bytes, at, 1) != 0xff) break;
    if (marker == 0xff) {  // a filling byte
      ++at;
      continue;
    }
    const uint32_t length = big_endian(bytes, at + 2, 2);
    std::string_view segment =
        bytes.substr(std::min(at + 4, bytes.size()), std::max(length, 2U) - 2);
    constexpr std::string_view kExif = "Exif\0\0"sv, kXmp = "http://ns.adobe.com/xap/1.0/\0"sv;
    if (marker == 0xe1 && segment.starts_with(kExif)) orientation.add_exif(segment);
    if (marker == 0xe1 && segment.starts_with(kXmp)) orientation.add_xmp(segment);
    if (marker == 0xda) break;
    at += 2 + std::max(length, 2U);
  }
  header.orientation = orientation.value();
}

// "" where it is no deflated text of up to a megabyte.
std::string inflated(std::string_view packed) {
  std::string text(std::size_t{1} << 20, '\0');
  uLongf size = text.size();
  if (uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                 reinterpret_cast<const Bytef*>(packed.data()), packed.size()) != Z_OK)
    size = 0;
  text.resize(size);
  return text;
}

// What comes behind the first `c`; "" where there is none.
std::string_view behind(std::string_view text, char c) {
  const std::size_t at = text.find(c);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
}

// What a PNG's text chunk holds: key, 0, value (tEXt), key, 0, method, deflated value (zTXt) or
// key, 0, whether it is deflated, method, language, 0, key, 0, value (iTXt).
struct PngText {
  std::string_view key;
  std::string value;
};

PngText png_text(std::string_view chunk, std::string_view data) {
  const std::string_view key = data.substr(0, data.find('\0'));
  if (key.size() == data.size() || (key != "Raw profile type exif" && key != "XML:com.adobe.xmp"))
    return {};
  const std::string_view rest = data.substr(key.size() + 1);
  if (chunk == "tEXt") return {key, std::string(rest)};
  if (chunk == "zTXt") return {key, inflated(rest.substr(std::min<std::size_t>(1, rest.size())))};
  const bool is_packed = big_endian(rest, 0, 1) != 0;
  const std::string_view value =
      behind(behind(rest.substr(std::min<std::size_t>(2, rest.size())), '\0'), '\0');
  return {key, is_packed ? inflated(value) : std::string(value)};
}

int hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// ImageMagick keeps EXIF as text: an empty line, "exif", its length, lines of hexadecimal digits.
std::string raw_profile(std::string_view text) {
  for (int line = 0; line < 3; ++line) text = behind(text, '\n');
  std::string bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = hexadecimal(c);
    if (digit < 0) continue;
    if (high >= 0) bytes += static_cast<char>(high << 4 | digit);
    high = high >= 0 ? -1 : digit;
  }
  return bytes;
}

// Chunks: length, name, data, checksum; the first is IHDR.
void read_png(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::png;
  set_size(bytes, header);
  Orientation orientation;
  std::string profile;
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at, 4);
    const std::string_view name = bytes.substr(at + 4, 4), data = bytes.substr(at + 8, length);
    if (name == "eXIf") orientation.add_exif(data);
    if (name == "tEXt" || name == "zTXt" || name == "iTXt") {
      const PngText text = png_text(name, data);
      if (text.key == "Raw profile type exif" && !text.value.empty())
        profile = raw_profile(text.value);
      if (text.key == "XML:com.adobe.xmp") orientation.add_xmp(text.value);
    }
    at += 12 + length;
  }
  if (!profile.empty()) orientation.add_exif(profile);
  header.orientation = orientation.value();
}

// Chunks: name, length, data up to an even byte.
void read_webp(std::string_view bytes, ImageHeader& header) {
  header.kind = ImageKind::webp;
  Orientation orientation;
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
      orientation.add_exif(data);
    } else if (name == "XMP ") {
      orientation.add_xmp(data);
    }
    at += 8 + length + length % 2;
  }
  header.orientation = orientation.value();
}

}  // namespace

std::string_view other_kind(std::string_view bytes) {
  if (bytes.empty()) return "an empty file";
  if (is_gif(bytes)) return "a GIF";
  if (bytes.starts_with("II*\0"sv) || bytes.starts_with("MM\0*"sv)) return "a TIFF";
  if (bytes.size() > 12 && bytes.substr(4, 4) == "ftyp") return "an AVIF, HEIF or film";
  if (bytes.starts_with("%PDF")) return "a PDF";
  return "";
}

std::optional<ImageHeader> read_image_header(std::string_view bytes) {
  ImageHeader header;
  if (is_jpeg(bytes)) read_jpeg(bytes, header);
  if (is_png(bytes)) read_png(bytes, header);
  if (is_webp(bytes)) read_webp(bytes, header);
  if (is_bmp(bytes)) {
    const BmpHeader bmp = read_bmp_header(bytes);
    header = {.kind = ImageKind::bmp, .width = bmp.width, .height = bmp.height};
  }
  if (const auto pnm = read_pnm_header(bytes))
    header = {.kind = ImageKind::pnm, .width = pnm->width, .height = pnm->height};
  if (header.width == 0 || header.height == 0) return std::nullopt;
  return header;
}

}  // namespace penalmt
