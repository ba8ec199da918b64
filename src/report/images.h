// Images inside a page.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace penalmt::html {

struct ImageSize {
  int64_t width = 0, height = 0;  // in pixels
  bool operator==(const ImageSize&) const = default;
};

// Read from the header of a PNG, JPEG or GIF; nullopt for other types and where the header is cut
// off.
std::optional<ImageSize> image_size(std::string_view bytes);

// "data:image/jpeg;base64,..."; the type is told from the first bytes (JPEG, PNG, GIF, WebP, BMP).
// Throws as read_file (base/files.h), and Error where it is none of these.
std::string data_uri(const std::filesystem::path& image);

// <img> with the image in it, and with its size, so that nothing moves when it is decoded; of
// a small one its pixels stay squares.
// `alternative` is text. In place of a portable map (.ppm, .pgm), which browsers do not show, a
// line that says so. Throws as data_uri() does.
std::string image(const std::filesystem::path& path, std::string_view alternative);

}  // namespace penalmt::html
