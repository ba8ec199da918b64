// An image file as pixels: JPEG, PNG, WebP, BMP, PNM.
#pragma once

#include <filesystem>
#include <string_view>

#include <opencv2/core/mat.hpp>

namespace penalmt {

// What an image may have; its header is asked before anything is decoded.
inline constexpr int64_t kMostPixels = 200'000'000;

// 8-bit BGR, turned upright by its EXIF or XMP orientation. Grey becomes coloured, 16 bits become
// 8, transparent parts show white. Throws Error "path: not an image that can be decoded", "path:
// 100,000 x 100,000 pixels; expected at most 200,000,000", "path: an animation; expected a still
// image", "path: damaged; Corrupt JPEG data: premature end of data segment" (in its decoder's
// words), and what check_whole (whole_files.h) and read_file (base/files.h) throw; MachineError
// "path: no memory for its 9,000 x 9,000 pixels".
cv::Mat decode_image(const std::filesystem::path& path);

// The same of the bytes of a file that errors call `path`.
cv::Mat decode_image(std::string_view bytes, const std::filesystem::path& path);

}  // namespace penalmt
