// WebP by libwebp itself: OpenCV, which uses it too, prints what it finds wrong and takes a lack of
// memory for damage.
#pragma once

#include <string_view>

#include <opencv2/core/mat.hpp>

namespace penalmt {

// 8-bit BGR or BGRA as stored. Throws Undecodable "damaged; a WebP's data cannot be decoded" or
// "damaged; a WebP's data ends too early", std::bad_alloc where there is no memory.
cv::Mat decode_webp(std::string_view bytes);

}  // namespace penalmt
