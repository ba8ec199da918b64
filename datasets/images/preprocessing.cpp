#include "datasets/images/preprocessing.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "datasets/images/image_decoding.h"
#include "datasets/images/resampling.h"

namespace penalmt {
namespace {

struct Size {
  int64_t width, height;
};

Size resized(const Preprocessing& preprocessing, const Size& image) {
  const int64_t side = preprocessing.resize;
  if (preprocessing.resize_mode == "squash") return {side, side};
  const auto [shorter, longer] = std::minmax(image.width, image.height);
  const auto other =
      static_cast<int64_t>(static_cast<double>(side * longer) / static_cast<double>(shorter));
  return image.width <= image.height ? Size{side, other} : Size{other, side};
}

// Where the crop begins; halves go to the even side, as torchvision's do.
int64_t middle(int64_t whole, int64_t crop) {
  return std::lrint(static_cast<double>(whole - crop) / 2);
}

at::Tensor per_channel(const std::vector<double>& values, const at::Tensor& pixels) {
  return at::tensor(values, at::kFloat).to(pixels.device()).view({3, 1, 1});
}

at::Tensor cropped_pixels(const cv::Mat& image, const Preprocessing& preprocessing) {
  const auto [width, height] = resized(preprocessing, {image.cols, image.rows});
  const int64_t crop = preprocessing.crop;
  const auto filter = preprocessing.interpolation == "bicubic" ? ResamplingFilter::bicubic
                                                               : ResamplingFilter::bilinear;
  const cv::Mat square = resize_antialiased(
      image, width, height, filter, {middle(width, crop), middle(height, crop), crop, crop});
  at::Tensor pixels = at::empty({3, crop, crop}, at::kByte);
  cv::Mat planes[3];
  const int side = static_cast<int>(crop);
  for (int c = 0; c < 3; ++c) planes[c] = cv::Mat(side, side, CV_8U, pixels[c].data_ptr<uint8_t>());
  const int from_to[] = {2, 0, 1, 1, 0, 2};  // BGR → RGB
  cv::mixChannels(&square, 1, planes, 3, from_to, 3);
  return pixels;
}

}  // namespace

void Preprocessing::check(config::Problems& problems, const std::string& prefix) const {
  if (crop > resize)
    problems.add(prefix + "crop", fmt::format("got {}, expected at most resize, {}", crop, resize));
  const auto check_channels = [&](const char* key, const std::vector<double>& values) {
    if (values.size() != 3)
      problems.add(prefix + key, fmt::format("got {} numbers, expected 3", values.size()));
  };
  check_channels("mean", mean);
  check_channels("deviation", deviation);
}

ImagePart seen_part(const Preprocessing& preprocessing, int64_t width, int64_t height) {
  const Size size = resized(preprocessing, {width, height});
  const int64_t crop = preprocessing.crop;
  const auto share = [](int64_t part, int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  return {share(middle(size.width, crop), size.width),
          share(middle(size.height, crop), size.height), share(crop, size.width),
          share(crop, size.height)};
}

at::Tensor load_pixels(const std::filesystem::path& file, const Preprocessing& preprocessing) {
  return cropped_pixels(decode_image(file), preprocessing);
}

at::Tensor load_pixels(std::string_view bytes, const std::filesystem::path& file,
                       const Preprocessing& preprocessing) {
  return cropped_pixels(decode_image(bytes, file), preprocessing);
}

at::Tensor normalised(const at::Tensor& pixels, const Preprocessing& preprocessing) {
  const at::Tensor ordered = preprocessing.channels == "bgr" ? pixels.flip(-3) : pixels;
  return (ordered.to(at::kFloat) - per_channel(preprocessing.mean, pixels))
      .div_(per_channel(preprocessing.deviation, pixels));
}

at::Tensor load_normalised(const std::filesystem::path& file, const Preprocessing& preprocessing) {
  return normalised(load_pixels(file, preprocessing), preprocessing);
}

}  // namespace penalmt
