#include "datasets/images/exif_orientation.h"

#include <cstddef>
#include <cstdint>

#include "base/byte_reader.h"

namespace penalmt {
namespace {

constexpr std::string_view kExif("Exif\0\0", 6);

int with_meaning(int64_t value) { return value >= 1 && value <= 8 ? static_cast<int>(value) : 1; }

}  // namespace

// EXIF is a small TIFF: byte order, 42, where the list of fields begins; a field is: tag, type,
// count, value. The orientation should be a SHORT, and some programs write another whole number.
std::optional<int> exif_orientation(std::string_view exif) {
  while (exif.starts_with(kExif)) exif.remove_prefix(kExif.size());
  const bool little = exif.starts_with("II");
  const auto number = little ? little_endian : big_endian;
  if ((!little && !exif.starts_with("MM")) || number(exif, 2, 2) != 42) return std::nullopt;
  const std::size_t list = number(exif, 4, 4);
  for (std::size_t field = 0; field < number(exif, list, 2); ++field) {
    const std::size_t at = list + 2 + 12 * field;
    if (at + 12 > exif.size()) return std::nullopt;
    constexpr uint32_t kOrientation = 0x112;
    if (number(exif, at, 2) != kOrientation) continue;
    constexpr uint32_t kShort = 3, kLong = 4, kSignedShort = 8, kSignedLong = 9;
    const uint32_t type = number(exif, at + 2, 2), count = number(exif, at + 4, 4);
    if (count != 1) return 1;
    if (type == kShort || type == kSignedShort) return with_meaning(number(exif, at + 8, 2));
    if (type == kLong || type == kSignedLong) return with_meaning(number(exif, at + 8, 4));
    return 1;
  }
  return std::nullopt;
}

std::optional<int> xmp_orientation(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = xmp.find(kName); at != std::string_view::npos;
       at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (!rest.starts_with("=\"") && !rest.starts_with('>')) continue;
    rest.remove_prefix(rest.front() == '>' ? 1 : 2);
    if (!rest.empty() && rest.front() >= '0' && rest.front() <= '9')
      return with_meaning(rest.front() - '0');
  }
  return std::nullopt;
}

void Orientation::add_exif(std::string_view exif) {
  if (!has_exif_) exif_ = exif_orientation(exif);
  has_exif_ = true;
}

void Orientation::add_xmp(std::string_view xmp) {
  if (!has_xmp_) xmp_ = xmp_orientation(xmp);
  has_xmp_ = true;
}

}  // namespace penalmt
