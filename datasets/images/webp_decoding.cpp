#include "datasets/images/webp_decoding.h"

#include <cstdint>
#include <new>

#include <webp/decode.h>

#include "datasets/images/undecodable.h"

namespace penalmt {
namespace {

void expect_success(VP8StatusCode status) {
  if (status == VP8_STATUS_OK) return;
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  throw Undecodable(status == VP8_STATUS_NOT_ENOUGH_DATA
                        ? "damaged; a WebP's data ends too early"
                        : "damaged; a WebP's data cannot be decoded");
}

}  // namespace

cv::Mat decode_webp(std::string_view bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    throw Undecodable("not an image that can be decoded: libwebp is of another version");
  expect_success(WebPGetFeatures(data, bytes.size(), &config.input));
  const bool has_alpha = config.input.has_alpha != 0;
  cv::Mat image(config.input.height, config.input.width, has_alpha ? CV_8UC4 : CV_8UC3);
  config.output.colorspace = has_alpha ? MODE_BGRA : MODE_BGR;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image.data, static_cast<int>(image.step),
                          image.step * static_cast<std::size_t>(image.rows)};
  expect_success(WebPDecode(data, bytes.size(), &config));
  return image;
}

}  // namespace penalmt
