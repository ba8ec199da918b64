// Images inside a page.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace penalmt::html {

// <img> with the image in it, "data:image/jpeg;base64,...", and with its size, so that nothing
// moves when it is decoded; of a small one its pixels stay squares. `alternative` is text. In place
// of a portable map (.ppm, .pgm), which browsers do not show, a line that says so. Throws as
// read_file (base/files.h), and Error where the first bytes are of no JPEG, PNG, GIF, WebP or BMP.
std::string image(const std::filesystem::path& path, std::string_view alternative);

}  // namespace penalmt::html
