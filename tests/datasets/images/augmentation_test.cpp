#include "datasets/images/augmentation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

namespace penalmt::augmentation_test {

// Every place of an image has another value, none of them the border's 128.
at::Tensor images(int64_t count, int64_t size = 6) {
  return (at::arange(count * 3 * size * size) % 127).to(at::kByte).view({count, 3, size, size});
}

TEST(Augmentation, WithoutCropAndFlipChangesNothing) {
  const at::Tensor pixels = images(4);
  EXPECT_TRUE(at::equal(augmented(pixels, {2, 0, 3}, {0, false}, 1, 1),
                        pixels.index_select(0, at::tensor({2, 0, 3}))));
}

// Each result is one of the (2 crop + 1)^2 crops of the grey-bordered image, or of its mirror
// image; all of them are drawn.
TEST(Augmentation, CutsAnywhereOutOfTheBorderedImageAndItsMirrorImage) {
  const int64_t crop = 2, size = 6;
  const at::Tensor pixels = images(1, size);
  const at::Tensor bordered = at::constant_pad_nd(pixels[0], {crop, crop, crop, crop}, 128);
  std::set<int> seen;
  for (int64_t epoch = 0; epoch < 1000; ++epoch) {
    const at::Tensor one = augmented(pixels, {0}, {crop, true}, 7, epoch)[0];
    int found = -1;
    for (int64_t down = 0; down <= 2 * crop; ++down)
      for (int64_t right = 0; right <= 2 * crop; ++right) {
        const at::Tensor part = bordered.narrow(1, down, size).narrow(2, right, size);
        const int place = static_cast<int>(2 * (down * (2 * crop + 1) + right));
        if (at::equal(one, part)) found = place;
        if (at::equal(one, part.flip(2))) found = place + 1;
      }
    ASSERT_GE(found, 0) << "epoch " << epoch;
    seen.insert(found);
  }
  EXPECT_EQ(seen.size(), 50u);
}

TEST(Augmentation, IsDrawnFromSeedEpochAndImageAlone) {
  const at::Tensor pixels = images(20);
  const Augmentation options;
  const at::Tensor all = augmented(pixels, {0, 1, 2, 3, 4, 5, 6, 7}, options, 1, 3);
  EXPECT_TRUE(
      at::equal(augmented(pixels, {6, 2}, options, 1, 3), all.index_select(0, at::tensor({6, 2}))));
  EXPECT_FALSE(at::equal(augmented(pixels, {0, 1, 2, 3, 4, 5, 6, 7}, options, 1, 4), all));
  EXPECT_FALSE(at::equal(augmented(pixels, {0, 1, 2, 3, 4, 5, 6, 7}, options, 2, 3), all));
}

}  // namespace penalmt::augmentation_test
