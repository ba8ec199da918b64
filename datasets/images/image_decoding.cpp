#include "datasets/images/image_decoding.h"

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "datasets/images/image_header.h"
#include "datasets/images/jpeg_decoding.h"
#include "datasets/images/whole_files.h"

namespace penalmt {
namespace {

// Four channels, each 0 to `top`, on white; rounded to the nearest of 8 bits.
template <class Value>
cv::Mat on_white(const cv::Mat& image) {
  constexpr uint64_t top = std::numeric_limits<Value>::max();
  cv::Mat colours(image.rows, image.cols, CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    const Value* from = image.ptr<Value>(y);
    uint8_t* to = colours.ptr<uint8_t>(y);
    for (int x = 0; x < image.cols; ++x, from += 4, to += 3) {
      const uint64_t alpha = from[3];
      for (int c = 0; c < 3; ++c)
        to[c] = static_cast<uint8_t>(
            ((from[c] * alpha + top * (top - alpha)) * 255 + top * top / 2) / (top * top));
    }
  }
  return colours;
}

// EXIF's eight orientations: a turn, then perhaps a reflection.
cv::Mat upright(const cv::Mat& image, int orientation) {
  cv::Mat turned = image;
  if (orientation >= 5) cv::transpose(image, turned);
  const bool flips_columns =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flips_rows =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  if (flips_columns) cv::flip(turned, turned, 1);
  if (flips_rows) cv::flip(turned, turned, 0);
  return turned;
}

// 8-bit BGR as stored; empty where that cannot be, perhaps with a reason.
cv::Mat decode(std::string_view bytes, ImageKind kind, std::string& problem) {
  if (kind == ImageKind::jpeg) return decode_jpeg(bytes, problem);
  const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
  // IMREAD_COLOR drops transparency, and the lower half of 16 bits. A BMP's fourth byte is no
  // transparency.
  cv::Mat image;
  try {
    image = cv::imdecode(buffer, kind == ImageKind::bmp ? cv::IMREAD_COLOR : cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception&) {
    return {};
  }
  if (image.type() == CV_8UC4) return on_white<uint8_t>(image);
  if (image.type() == CV_16UC4) return on_white<uint16_t>(image);
  if (image.depth() == CV_16U) image.convertTo(image, CV_8U, 1 / 257.0);
  if (image.channels() == 1) cv::merge(std::vector<cv::Mat>{image, image, image}, image);
  return image;
}

}  // namespace

cv::Mat decode_image(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string_view bytes(reinterpret_cast<const char*>(file.data()), file.size());
  const auto refuse = [&](const std::string& what) { throw Error(path.string() + ": " + what); };
  const std::optional<ImageHeader> header = read_image_header(bytes);
  if (!header) {
    check_whole(bytes, path);
    const std::string_view other = other_kind(bytes);
    refuse(other.empty() ? "not an image that can be decoded"
                         : fmt::format("{}; expected a JPEG, PNG, WebP, BMP or PPM", other));
  }
  if (header->width > kMostPixels / header->height)
    refuse(fmt::format("{} x {} pixels; expected at most {}", with_commas(header->width),
                       with_commas(header->height), with_commas(kMostPixels)));
  check_whole(bytes, path);
  if (static_cast<int64_t>(bytes.size()) < header->bytes)
    refuse(fmt::format("cut off; got {} bytes, expected {}", bytes.size(), header->bytes));
  if (header->animated) refuse("an animation; expected a still image");
  std::string problem;
  const cv::Mat image = decode(bytes, header->kind, problem);
  if (image.empty())
    refuse(problem.empty() ? "not an image that can be decoded" : "damaged; " + problem);
  return upright(image, header->orientation);
}

}  // namespace penalmt
