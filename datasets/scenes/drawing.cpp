#include "datasets/scenes/drawing.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "base/random.h"

namespace penalmt {
namespace {

constexpr int kOversampling = 4;  // drawn so many times larger, then averaged: smooth edges
constexpr int kColourNoise = 10;  // a group's shade differs by at most so much a channel
constexpr int kPixelNoise = 2;

const cv::Scalar kBgr[kColours] = {{40, 35, 215},  {215, 85, 35},  {55, 160, 35},
                                   {45, 210, 245}, {190, 55, 150}, {30, 26, 24}};

using Points = std::vector<cv::Point2d>;

// Corners around the origin for radius 1, y downwards.
Points corners(Shape shape) {
  const auto on_circle = [](int count, double outer, double inner) {
    Points points;
    for (int i = 0; i < count; ++i) {
      const double angle = 2 * M_PI * i / count - M_PI / 2, radius = i % 2 ? inner : outer;
      points.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
    }
    return points;
  };
  switch (shape) {
    case Shape::kCircle:
      return on_circle(48, 0.95, 0.95);
    case Shape::kSquare:
      return {{-0.82, -0.82}, {0.82, -0.82}, {0.82, 0.82}, {-0.82, 0.82}};
    case Shape::kTriangle:
      return {{0, -1.1}, {1.0, 0.6}, {-1.0, 0.6}};
    case Shape::kStar:
      return on_circle(10, 1.16, 0.46);
    case Shape::kCross:
      return {{-0.3, -1.05}, {0.3, -1.05}, {0.3, -0.3}, {1.05, -0.3}, {1.05, 0.3},   {0.3, 0.3},
              {0.3, 1.05},   {-0.3, 1.05}, {-0.3, 0.3}, {-1.05, 0.3}, {-1.05, -0.3}, {-0.3, -0.3}};
    case Shape::kDiamond:
      return {{0, -1.15}, {0.72, 0}, {0, 1.15}, {-0.72, 0}};
  }
  return {};
}

void draw_object(cv::Mat& canvas, const Object& object, Shape shape, const cv::Scalar& colour) {
  constexpr int kSubpixelBits = 4;
  const double scale = canvas.cols * static_cast<double>(1 << kSubpixelBits);
  const double cosine = std::cos(object.tilt), sine = std::sin(object.tilt);
  std::vector<cv::Point> outline;
  for (const cv::Point2d& corner : corners(shape)) {
    const double x = object.x + object.radius * (cosine * corner.x - sine * corner.y);
    const double y = object.y + object.radius * (sine * corner.x + cosine * corner.y);
    outline.emplace_back(static_cast<int>(std::lround(x * scale)),
                         static_cast<int>(std::lround(y * scale)));
  }
  cv::fillPoly(canvas, std::vector<std::vector<cv::Point>>{outline}, colour, cv::LINE_8,
               kSubpixelBits);
}

// From -bound to bound.
int noise(int bound, SplitMix64& random) {
  return static_cast<int>(random.below(2 * bound + 1)) - bound;
}

// Brightness changes evenly across the image, by at most 10 of 255; every pixel has its own noise.
void add_light(cv::Mat& image, SplitMix64& random) {
  const double slope_x = random.between(-5, 5), slope_y = random.between(-5, 5);
  for (int y = 0; y < image.rows; ++y)
    for (int x = 0; x < image.cols; ++x) {
      const double light =
          slope_x * (2.0 * x / image.cols - 1) + slope_y * (2.0 * y / image.rows - 1);
      const int change = static_cast<int>(std::lround(light)) + noise(kPixelNoise, random);
      for (int c = 0; c < 3; ++c) {
        auto& value = image.at<cv::Vec3b>(y, x)[c];
        value = cv::saturate_cast<uint8_t>(value + change);
      }
    }
}

}  // namespace

cv::Mat draw(const Scene& scene, const std::vector<Object>& objects, int size) {
  SplitMix64 random(scene.drawing_seed, 1);
  const int grey = 124 + static_cast<int>(random.below(8));
  cv::Mat canvas(size * kOversampling, size * kOversampling, CV_8UC3, cv::Scalar(grey, grey, grey));
  std::vector<cv::Scalar> colours;
  for (const Group& group : scene.groups) {
    cv::Scalar colour = kBgr[static_cast<int>(group.colour)];
    for (int c = 0; c < 3; ++c)
      colour[c] = std::clamp(colour[c] + noise(kColourNoise, random), 0.0, 255.0);
    colours.push_back(colour);
  }
  for (const Object& object : objects)
    draw_object(canvas, object, scene.groups[object.group].shape, colours[object.group]);
  cv::Mat image;
  cv::resize(canvas, image, {size, size}, 0, 0, cv::INTER_AREA);
  add_light(image, random);
  return image;
}

}  // namespace penalmt
