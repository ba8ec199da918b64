#include "datasets/images/whole_files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "base/byte_reader.h"
#include "base/error.h"
#include "base/image_signatures.h"

namespace penalmt {
namespace {

// True where the image's end marker comes. Segments say how long they are, so that a thumbnail's
// end marker inside one does not count; the image's own data does not, and is passed over byte by
// byte.
bool reaches_jpeg_end(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 1 < bytes.size()) {
    if (bytes[at] != '\xff') {
      at = std::min(bytes.find('\xff', at), bytes.size());
      continue;
    }
    const unsigned marker = big_endian(bytes, at + 1, 1);
    const bool is_restart = marker >= 0xd0 && marker <= 0xd8;
    if (marker == 0x00 || marker == 0xff || is_restart) {
      ++at;
      continue;
    }
    if (marker == 0xd9) return true;
    if (at + 3 >= bytes.size()) return false;
    at += 2 + big_endian(bytes, at + 2, 2);
  }
  return false;
}

// A PNG is a row of: length (4 bytes), name (4), data, checksum of name and data (4); "IEND" is the
// last.
void check_png(std::string_view bytes, const std::filesystem::path& path) {
  constexpr std::size_t kFrame = 12;
  for (std::size_t at = kPngSignature.size(); at + kFrame <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at, 4);
    if (length > bytes.size() - at - kFrame) break;
    const std::string_view part = bytes.substr(at + 4, 4 + length);
    const auto checksum =
        crc32(0, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
    if (checksum != big_endian(bytes, at + 8 + length, 4))
      throw Error(fmt::format("{}: damaged; the checksum of a PNG's part at byte {} is wrong",
                              path.string(), at));
    if (part.starts_with("IEND")) return;
    at += kFrame + length;
  }
  throw Error(
      fmt::format("{}: cut off; got {} bytes without a PNG's end", path.string(), bytes.size()));
}

// Says how many bytes follow its first 8.
void check_webp(std::string_view bytes, const std::filesystem::path& path) {
  const std::size_t expected = std::size_t{8} + little_endian(bytes, 4, 4);
  if (bytes.size() < expected)
    throw Error(fmt::format("{}: cut off; got {} bytes, expected {}", path.string(), bytes.size(),
                            expected));
}

}  // namespace

void check_whole(std::string_view bytes, const std::filesystem::path& path) {
  if (is_jpeg(bytes) && !reaches_jpeg_end(bytes))
    throw Error(fmt::format("{}: cut off; got {} bytes without a JPEG's end marker", path.string(),
                            bytes.size()));
  if (is_png(bytes)) check_png(bytes, path);
  if (is_webp(bytes)) check_webp(bytes, path);
}

}  // namespace penalmt
