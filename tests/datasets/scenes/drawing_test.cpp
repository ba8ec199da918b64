#include "datasets/scenes/drawing.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

namespace penalmt::drawing_test {

// White where an object of `group` is: where a channel is far from the mid-grey background.
cv::Mat mask_of(const Scene& scene, int group, int size) {
  std::vector<Object> objects = lay_out(scene);
  std::erase_if(objects, [&](const Object& object) { return object.group != group; });
  cv::Mat channels[3], mask(size, size, CV_8U, cv::Scalar(0));
  cv::split(draw(scene, objects, size), channels);
  for (const cv::Mat& channel : channels) mask |= (channel < 100) | (channel > 155);
  return mask;
}

cv::Rect extent(const cv::Mat& mask) {
  cv::Mat points;
  cv::findNonZero(mask, points);
  return cv::boundingRect(points);
}

// True where every object of `a` is wholly on that side of every object of `b`.
bool holds(Relation relation, const cv::Rect& a, const cv::Rect& b) {
  switch (relation) {
    case Relation::kLeft:
      return a.x + a.width <= b.x;
    case Relation::kRight:
      return b.x + b.width <= a.x;
    case Relation::kAbove:
      return a.y + a.height <= b.y;
    case Relation::kBelow:
      return b.y + b.height <= a.y;
    default:
      return false;
  }
}

constexpr int kSize = 128;  // larger than usual: a pixel's rounding joins nothing

TEST(Draw, ShowsAsManySeparateObjectsAsTheSceneHas) {
  for (int64_t line = 0; line < 300; ++line) {
    const Scene scene = make_scene(1, Split::kTrain, line);
    cv::Mat together(kSize, kSize, CV_8U, cv::Scalar(0));
    int objects = 0;
    for (std::size_t g = 0; g < scene.groups.size(); ++g) {
      cv::Mat labels;
      const cv::Mat mask = mask_of(scene, static_cast<int>(g), kSize);
      EXPECT_EQ(cv::connectedComponents(mask, labels) - 1, scene.groups[g].count) << line;
      together |= mask;
      objects += scene.groups[g].count;
    }
    cv::Mat labels;
    EXPECT_EQ(cv::connectedComponents(together, labels) - 1, objects)
        << "objects of two groups touch in scene " << line;
    const cv::Rect all = extent(together);
    EXPECT_GE(all.x, 1);
    EXPECT_GE(all.y, 1);
    EXPECT_LE(all.x + all.width, kSize - 1);
    EXPECT_LE(all.y + all.height, kSize - 1);
  }
}

TEST(Draw, PutsGroupsWhereTheRelationSays) {
  int checked = 0;
  for (int64_t line = 0; line < 800; ++line) {
    const Scene scene = make_scene(2, Split::kTrain, line);
    std::vector<cv::Rect> extents;
    for (std::size_t g = 0; g < scene.groups.size(); ++g)
      extents.push_back(extent(mask_of(scene, static_cast<int>(g), kSize)));
    if (scene.relation == Relation::kAnywhere) continue;
    ++checked;
    if (scene.relation == Relation::kBetween) {
      const Relation side = scene.between_rows ? Relation::kAbove : Relation::kLeft;
      const bool one_way =
          holds(side, extents[1], extents[0]) && holds(side, extents[0], extents[2]);
      const bool other_way =
          holds(side, extents[2], extents[0]) && holds(side, extents[0], extents[1]);
      EXPECT_TRUE(one_way || other_way) << line;
    } else {
      for (std::size_t g = 0; g + 1 < extents.size(); ++g)
        EXPECT_TRUE(holds(scene.relation, extents[g], extents.back())) << line;
    }
  }
  EXPECT_GT(checked, 200);
}

TEST(Draw, PaintsTheSaidColour) {
  const int rgb[kColours][3] = {{215, 35, 40},  {35, 85, 215},  {35, 160, 55},
                                {245, 210, 45}, {150, 55, 190}, {25, 25, 30}};
  for (int64_t line = 0; line < 200; ++line) {
    const Scene scene = make_scene(4, Split::kTest, line);
    const cv::Mat image = draw(scene, kSize);
    for (std::size_t g = 0; g < scene.groups.size(); ++g) {
      cv::Mat inside;
      cv::erode(mask_of(scene, static_cast<int>(g), kSize), inside, cv::Mat::ones(3, 3, CV_8U));
      const cv::Scalar mean = cv::mean(image, inside);
      int nearest = -1;
      double smallest = 1e9;
      for (int c = 0; c < kColours; ++c) {
        const double distance =
            std::hypot(mean[2] - rgb[c][0], mean[1] - rgb[c][1], mean[0] - rgb[c][2]);
        if (distance < smallest) smallest = distance, nearest = c;
      }
      EXPECT_EQ(nearest, static_cast<int>(scene.groups[g].colour)) << line;
      EXPECT_LT(smallest, 40);
    }
  }
}

TEST(Draw, GivesTheSameImageForTheSameScene) {
  const Scene scene = make_scene(1, Split::kTrain, 5);
  Scene moved = scene;
  ++moved.drawing_seed;
  const auto differing = [&](const Scene& other) {
    cv::Mat difference;
    cv::absdiff(draw(scene, 64), draw(other, 64), difference);
    return cv::countNonZero(difference.reshape(1));
  };
  EXPECT_EQ(differing(scene), 0);
  EXPECT_GT(differing(moved), 0);
}

TEST(Draw, TakesTheSizeThatIsAsked) {
  const Scene scene = make_scene(1, Split::kTrain, 5);
  EXPECT_EQ(draw(scene, 16).size(), cv::Size(16, 16));
  EXPECT_EQ(draw(scene, 224).size(), cv::Size(224, 224));
}

}  // namespace penalmt::drawing_test
