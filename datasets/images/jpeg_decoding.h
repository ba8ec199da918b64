// JPEG by libjpeg itself: OpenCV, which uses it too, keeps to itself what libjpeg finds wrong with
// the data.
#pragma once

#include <string_view>

#include <opencv2/core/mat.hpp>

namespace penalmt {

// 8-bit BGR as stored, with libjpeg's default quality (as Pillow has it). Throws Undecodable in
// libjpeg's words ("damaged; Corrupt JPEG data: premature end of data segment"), std::bad_alloc
// where there is no memory.
cv::Mat decode_jpeg(std::string_view bytes);

}  // namespace penalmt
