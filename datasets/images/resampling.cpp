#include "datasets/images/resampling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/core.hpp>

namespace penalmt {
namespace {

constexpr int kChannels = 3;
constexpr int kFractionBits = 22;  // 32, less 8 of a pixel, less 2 for weights that overshoot

double weight_of(ResamplingFilter filter, double distance) {
  const double x = std::abs(distance);
  if (filter == ResamplingFilter::bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a =
      -0.5;  // Keys, "Cubic convolution interpolation for digital image processing", 1981
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// The input pixels that make up one output pixel.
struct Taps {
  int64_t first;
  std::vector<int32_t> weights;
};

// Of output pixels begin to end - 1 of `to`, along one side with `from` input pixels.
std::vector<Taps> make_taps(int64_t from, int64_t to, int64_t begin, int64_t end,
                            ResamplingFilter filter) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch =
      std::max(scale, 1.0);  // a filter is never narrower than the input's pixels
  const double reach = (filter == ResamplingFilter::bilinear ? 1.0 : 2.0) * stretch;
  const double shrink = 1.0 / stretch;
  std::vector<Taps> all;
  std::vector<double> exact;
  for (int64_t i = begin; i < end; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(static_cast<int64_t>(center - reach + 0.5), 0);
    const int64_t past = std::min(static_cast<int64_t>(center + reach + 0.5), from);
    exact.clear();
    double sum = 0;
    for (int64_t k = first; k < past; ++k) {
      exact.push_back(weight_of(filter, (static_cast<double>(k) - center + 0.5) * shrink));
      sum += exact.back();
    }
    Taps taps{.first = first, .weights = {}};
    for (const double weight : exact)
      taps.weights.push_back(static_cast<int32_t>(std::round(weight / sum * (1 << kFractionBits))));
    all.push_back(std::move(taps));
  }
  return all;
}

uint8_t to_pixel(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

constexpr int32_t kHalf = 1 << (kFractionBits - 1);

// Input pixels from the first to the last one under the filters.
cv::Range range_of(const std::vector<Taps>& taps) {
  const Taps& last = taps.back();
  return {static_cast<int>(taps.front().first),
          static_cast<int>(last.first + static_cast<int64_t>(last.weights.size()))};
}

// Each row made narrower or wider. Column `first_column` of the whole image is column 0 of `image`.
cv::Mat resample_rows(const cv::Mat& image, const std::vector<Taps>& columns,
                      int64_t first_column) {
  cv::Mat result(image.rows, static_cast<int>(columns.size()), CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    uint8_t* to = result.ptr<uint8_t>(y);
    for (const Taps& taps : columns) {
      const uint8_t* from = image.ptr<uint8_t>(y) + (taps.first - first_column) * kChannels;
      int32_t sums[kChannels] = {kHalf, kHalf, kHalf};
      for (const int32_t weight : taps.weights)
        for (int c = 0; c < kChannels; ++c) sums[c] += *from++ * weight;
      for (const int32_t sum : sums) *to++ = to_pixel(sum);
    }
  }
  return result;
}

// Each column made shorter or longer. Row `first_row` of the whole image is row 0 of `image`.
cv::Mat resample_columns(const cv::Mat& image, const std::vector<Taps>& rows, int64_t first_row) {
  cv::Mat result(static_cast<int>(rows.size()), image.cols, CV_8UC3);
  const std::size_t width = static_cast<std::size_t>(image.cols) * kChannels;
  std::vector<int32_t> sums(width);
  for (int y = 0; y < result.rows; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    int from_row = static_cast<int>(rows[y].first - first_row);
    for (const int32_t weight : rows[y].weights) {
      const uint8_t* from = image.ptr<uint8_t>(from_row++);
      for (std::size_t x = 0; x < width; ++x) sums[x] += from[x] * weight;
    }
    std::transform(sums.begin(), sums.end(), result.ptr<uint8_t>(y), to_pixel);
  }
  return result;
}

}  // namespace

cv::Mat resize_antialiased(const cv::Mat& image, int64_t width, int64_t height,
                           ResamplingFilter filter, const ResizedPart& part) {
  const std::vector<Taps> rows =
      make_taps(image.rows, height, part.top, part.top + part.height, filter);
  const std::vector<Taps> columns =
      make_taps(image.cols, width, part.left, part.left + part.width, filter);
  const cv::Range seen_rows = range_of(rows), seen_columns = range_of(columns);
  const cv::Mat seen = image(seen_rows, seen_columns);
  const bool columns_first = image.rows > height && image.rows - height > 2 * (image.cols - width);
  if (columns_first)
    return resample_rows(resample_columns(seen, rows, seen_rows.start), columns,
                         seen_columns.start);
  return resample_columns(resample_rows(seen, columns, seen_columns.start), rows, seen_rows.start);
}

}  // namespace penalmt
