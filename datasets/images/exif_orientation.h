// Which way up an image is to be seen, as its metadata say.
#pragma once

#include <optional>
#include <string_view>

namespace penalmt {

// EXIF's number: 1 upright ... 8; 6: to be turned a quarter to the right. nullopt where there is
// none; 1 where there is one of no meaning. "Exif\0\0" may stand before it.
std::optional<int> exif_orientation(std::string_view exif);

// Of an XMP packet: <... tiff:Orientation="6" ...> or <tiff:Orientation>6<...
std::optional<int> xmp_orientation(std::string_view xmp);

// What metadata of several kinds say in the end: EXIF comes before XMP, and of two of a kind the
// first (as Pillow has it).
class Orientation {
 public:
  void add_exif(std::string_view exif);
  void add_xmp(std::string_view xmp);
  int value() const { return exif_.value_or(xmp_.value_or(1)); }

 private:
  bool has_exif_ = false, has_xmp_ = false;
  std::optional<int> exif_, xmp_;
};

}  // namespace penalmt
