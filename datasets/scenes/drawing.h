// The generated corpus, part 4 of 5: a scene's image, drawn with OpenCV.
#pragma once

#include <vector>

#include <opencv2/core/mat.hpp>

#include "datasets/scenes/layout.h"

namespace penalmt {

// 8-bit BGR, size x size, anti-aliased, on a mid-grey background with a slight slope of brightness
// and slight noise.
cv::Mat draw(const Scene& scene, const std::vector<Object>& objects, int size);
inline cv::Mat draw(const Scene& scene, int size) { return draw(scene, lay_out(scene), size); }

}  // namespace penalmt
