// Resizing as Pillow does it: antialiased, to the last bit, so that an encoder sees the pixels it
// was trained on. (OpenCV's resize does not antialias.)
//
// Every output pixel is a weighted mean of the input pixels under a filter, which is widened by the
// factor of shrinking. Rows are resized first, then columns, with 8 bits between; weights are
// fixed-point numbers of 22 bits. Where the height loses more than twice as many pixels as the
// width, columns come first: so Pillow 13 does it; earlier versions begin with rows always, and
// give such tall images other last bits.
#pragma once

#include <cstdint>

#include <opencv2/core/mat.hpp>

namespace penalmt {

enum class ResamplingFilter { bilinear, bicubic };

// A part of the resized image.
struct ResizedPart {
  int64_t left, top, width, height;
};

// `image` (8 bits, 3 channels) resized to width x height, of which only `part` is computed and
// returned.
cv::Mat resize_antialiased(const cv::Mat& image, int64_t width, int64_t height,
                           ResamplingFilter filter, const ResizedPart& part);

}  // namespace penalmt
