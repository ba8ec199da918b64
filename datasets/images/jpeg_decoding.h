// JPEG by libjpeg itself: OpenCV, which uses it too, keeps to itself what libjpeg finds wrong with
// the data.
#pragma once

#include <string>
#include <string_view>

#include <opencv2/core/mat.hpp>

namespace penalmt {

// 8-bit BGR as stored, with libjpeg's default quality (as Pillow has it). Empty where the bytes do
// not decode or the data is damaged; `problem` then holds libjpeg's words: "Corrupt JPEG data:
// premature end of data segment".
cv::Mat decode_jpeg(std::string_view bytes, std::string& problem);

}  // namespace penalmt
