#include "datasets/images/image_decoding.h"

#include <limits>
#include <new>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "datasets/images/bmp_decoding.h"
#include "datasets/images/image_header.h"
#include "datasets/images/jpeg_decoding.h"
#include "datasets/images/png_decoding.h"
#include "datasets/images/pnm_decoding.h"
#include "datasets/images/undecodable.h"
#include "datasets/images/webp_decoding.h"
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

cv::Mat decode(std::string_view bytes, ImageKind kind) {
  switch (kind) {
    case ImageKind::jpeg:
      return decode_jpeg(bytes);
    case ImageKind::png:
      return decode_png(bytes);
    case ImageKind::webp:
      return decode_webp(bytes);
    case ImageKind::bmp:
      return decode_bmp(bytes);
    case ImageKind::pnm:
      return decode_pnm(bytes);
  }
  return {};
}

// Of three or four channels, 8 or 16 bits: 8-bit BGR.
cv::Mat opaque(const cv::Mat& image) {
  if (image.type() == CV_8UC4) return on_white<uint8_t>(image);
  if (image.type() == CV_16UC4) return on_white<uint16_t>(image);
  if (image.type() == CV_8UC3) return image;
  cv::Mat narrow;
  image.convertTo(narrow, CV_8U, 1 / 257.0);
  return narrow;
}

// The header's image, 8-bit BGR, upright.
cv::Mat decode_upright(std::string_view bytes, const ImageHeader& header) {
  try {
    return upright(opaque(decode(bytes, header.kind)), header.orientation);
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    throw;
  }
}

}  // namespace

cv::Mat decode_image(std::string_view bytes, const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& what) { throw Error(path.string() + ": " + what); };
  const std::optional<ImageHeader> header = read_image_header(bytes);
  if (!header) {
    check_whole(bytes, path);
    const std::string_view other = other_kind(bytes);
    refuse(other.empty() ? "not an image that can be decoded"
                         : fmt::format("{}; expected a JPEG, PNG, WebP, BMP or PPM", other));
  }
  const std::string size =
      fmt::format("{} x {} pixels", with_commas(header->width), with_commas(header->height));
  if (header->width > kMostPixels / header->height)
    refuse(size + "; expected at most " + with_commas(kMostPixels));
  check_whole(bytes, path);
  if (header->animated) refuse("an animation; expected a still image");
  try {
    return decode_upright(bytes, *header);
  } catch (const Undecodable& undecodable) {
    refuse(undecodable.what());
  } catch (const std::bad_alloc&) {
    throw MachineError(path.string() + ": no memory for its " + size);
  }
  return {};
}

cv::Mat decode_image(const std::filesystem::path& path) {
  const MappedFile file(path);
  return decode_image({reinterpret_cast<const char*>(file.data()), file.size()}, path);
}

}  // namespace penalmt
