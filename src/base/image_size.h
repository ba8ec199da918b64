// How large an image is, by the head of its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penalmt {

struct ImageSize {
  int64_t width = 0, height = 0;  // in pixels, as stored
  bool operator==(const ImageSize&) const = default;
};

// Of a PNG, JPEG or GIF; nullopt for other kinds and where the head is cut off.
std::optional<ImageSize> image_size(std::string_view bytes);

}  // namespace penalmt
