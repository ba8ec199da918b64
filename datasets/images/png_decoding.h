// PNG by libpng itself: OpenCV, which uses it too, lets it print, and drops a grey image's
// transparent colour.
#pragma once

#include <string_view>

#include <opencv2/core/mat.hpp>

namespace penalmt {

// BGR or BGRA, 8 or 16 bits, as stored; palettes and grey become colours, a transparent colour
// becomes alpha. Colour profiles, gamma and texts are passed over. Throws Undecodable in libpng's
// words ("damaged; Not enough image data"), std::bad_alloc where there is no memory.
cv::Mat decode_png(std::string_view bytes);

}  // namespace penalmt
