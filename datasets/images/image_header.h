// What the head of an image file says, before anything is decoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penalmt {

enum class ImageKind { jpeg, png, webp, bmp, pnm };

struct ImageHeader {
  ImageKind kind = ImageKind::jpeg;
  int64_t width = 0, height = 0;  // as stored: before it is turned upright
  int orientation = 1;            // EXIF's (exif_orientation.h); it stands in EXIF or in XMP
  bool animated = false;

  // As it is seen.
  int64_t upright_width() const { return orientation >= 5 ? height : width; }
  int64_t upright_height() const { return orientation >= 5 ? width : height; }
};

// What files that are no such image are, where their first bytes tell: "an empty file", "a GIF",
// ...; "" else.
std::string_view other_kind(std::string_view bytes);

// nullopt where the bytes are no JPEG, PNG, WebP, BMP or PNM (PBM, PGM, PPM), or end before they
// say how large it is.
std::optional<ImageHeader> read_image_header(std::string_view bytes);

}  // namespace penalmt
