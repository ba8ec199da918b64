#include "datasets/changed_images.h"

#include <gtest/gtest.h>

#include <ATen/Functions.h>

#include <algorithm>
#include <set>

namespace penalmt::changed_images_test {

using Index = std::vector<int64_t>;

// Row r holds what a formula says of r.
class SomeImages : public ImageSet {
 public:
  SomeImages(Index index, at::ScalarType type) : type_(type) { index_ = std::move(index); }
  at::Tensor rows(const std::vector<int64_t>& which) const override {
    const std::vector<int64_t> shape =
        type_ == at::kByte ? std::vector<int64_t>{3, 8, 8} : std::vector<int64_t>{6, 32};
    std::vector<at::Tensor> rows;
    for (const int64_t row : which)
      rows.push_back(at::arange(192, at::kFloat)
                         .mul(0.37)
                         .add(row)
                         .sin()
                         .mul(60)
                         .add(100)
                         .view(shape)
                         .to(type_));
    return at::stack(rows);
  }

 private:
  at::ScalarType type_;
};

Index sorted(Index index) {
  std::sort(index.begin(), index.end());
  return index;
}

TEST(ImagesOfLines, AreThoseOfTheirLines) {
  const SomeImages all({0, -1, 1, 0}, at::kByte);
  const auto some = images_of_lines(all, {3, 2, 1});
  EXPECT_EQ(some->index(), (Index{0, 1, -1}));
  EXPECT_EQ(some->missing(), 1);
  EXPECT_TRUE(at::equal(some->rows({1}), all.rows({1})));
}

TEST(ShuffledImages, AreExchangedAndNoLineKeepsItsOwn) {
  Index index;
  for (int64_t i = 0; i < 100; ++i) index.push_back(i % 7 == 3 ? -1 : i);
  const SomeImages right(index, at::kByte);
  std::set<Index> different;
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    const auto shuffled = shuffled_images(right, seed);
    EXPECT_EQ(sorted(shuffled->index()), sorted(index));
    for (std::size_t i = 0; i < index.size(); ++i) {
      EXPECT_EQ(shuffled->index()[i] == -1, index[i] == -1);
      EXPECT_TRUE(index[i] == -1 || shuffled->index()[i] != index[i]) << i;
    }
    EXPECT_EQ(shuffled->index(), shuffled_images(right, seed)->index());
    EXPECT_TRUE(at::equal(shuffled->rows({5, 9}), right.rows({5, 9})));
    different.insert(shuffled->index());
  }
  EXPECT_EQ(different.size(), 5u);
}

TEST(ShuffledImages, WorkWhereLinesShareAnImage) {
  // Each image has five captions, as in Flickr30k; half of the lines have one image; nearly all
  // have.
  Index five, half, nearly_all(20, 7);
  for (int64_t i = 0; i < 60; ++i) five.push_back(i / 5), half.push_back(i < 30 ? 0 : i);
  nearly_all[4] = 8, nearly_all[9] = 9;
  for (const Index& index : {five, half, nearly_all, Index{0, 1}, Index{1, 1, 0}})
    for (const uint64_t seed : {0, 1, 2}) {
      const Index shuffled = shuffled_images(SomeImages(index, at::kByte), seed)->index();
      for (std::size_t i = 0; i < index.size(); ++i) EXPECT_NE(shuffled[i], index[i]) << i;
      EXPECT_EQ(sorted(shuffled) == sorted(index), index != nearly_all && index.size() != 3);
    }
  const Index one = {3, 3, -1};
  EXPECT_EQ(shuffled_images(SomeImages(one, at::kByte), 1)->index(), one);
  EXPECT_EQ(shuffled_images(SomeImages({-1, -1}, at::kByte), 1)->index(), (Index{-1, -1}));
}

TEST(ZeroedImages, AreZerosOrGrey) {
  const SomeImages pixels({0, -1, 1}, at::kByte), vectors({0, -1, 1}, at::kFloat);
  EXPECT_EQ(zeroed_images(pixels)->index(), (Index{0, -1, 1}));
  EXPECT_TRUE(
      at::equal(zeroed_images(pixels)->rows({0, 1}), at::full({2, 3, 8, 8}, 128, at::kByte)));
  EXPECT_TRUE(at::equal(zeroed_images(vectors)->rows({1}), at::zeros({1, 6, 32}, at::kFloat)));
}

TEST(NoiseImages, HaveTheMeanAndDeviationOfAll) {
  Index index;
  for (int64_t i = 0; i < 200; ++i) index.push_back(i % 50);
  for (const at::ScalarType type : {at::kByte, at::kFloat, at::kHalf}) {
    const SomeImages right(index, type);
    const auto noise = noise_images(right, 1);
    const at::Tensor as_right =
        right.rows(Index(index.begin(), index.begin() + 50)).to(at::kDouble);
    const at::Tensor made = noise->rows(Index(index.begin(), index.begin() + 50));
    EXPECT_EQ(made.scalar_type(), type);
    EXPECT_NEAR(made.to(at::kDouble).mean().item<double>(), as_right.mean().item<double>(), 2);
    EXPECT_NEAR(made.to(at::kDouble).std().item<double>(), as_right.std().item<double>(), 2);
    EXPECT_EQ(noise->index(), index);
  }
}

TEST(NoiseImages, BelongToTheirRowWhateverElseIsAskedFor) {
  const SomeImages right({0, 1, 2}, at::kFloat);
  const auto noise = noise_images(right, 1);
  const at::Tensor all = noise->rows({2, 0, 1});
  EXPECT_TRUE(at::equal(noise->rows({0})[0], all[1]));
  EXPECT_TRUE(at::equal(noise->rows({1, 2})[1], all[0]));
  EXPECT_TRUE(at::equal(noise_images(right, 1)->rows({1}), noise->rows({1})));
  EXPECT_FALSE(at::equal(noise_images(right, 2)->rows({1}), noise->rows({1})));
  EXPECT_FALSE(at::equal(all[0], all[1]));
  EXPECT_EQ(noise_images(SomeImages({-1}, at::kByte), 1)->index(), (Index{-1}));
}

TEST(ImageConditions, AreTheRightImagesTheChangesInTheirOrderAndNone) {
  const SomeImages right({0, -1, 1}, at::kByte);
  const auto conditions = image_conditions(&right, {"noise", "shuffled", "zeroed"}, 3);
  std::vector<std::string> names;
  for (const ImageCondition& condition : conditions) names.push_back(condition.name);
  EXPECT_EQ(names, (std::vector<std::string>{"right", "noise", "shuffled", "zeroed", "none"}));
  EXPECT_EQ(conditions[0].images, &right);
  EXPECT_TRUE(at::equal(conditions[1].images->rows({1}), noise_images(right, 3)->rows({1})));
  EXPECT_EQ(conditions[2].images->index(), (Index{1, -1, 0}));
  EXPECT_TRUE(at::equal(conditions[3].images->rows({1}), zeroed_images(right)->rows({1})));
  EXPECT_EQ(conditions[4].images, nullptr);

  const auto without = image_conditions(nullptr, image_changes(), 3);
  ASSERT_EQ(without.size(), 1u);
  EXPECT_EQ(without[0].name, "none");
}

TEST(ImageConditions, TakeTwoDifferentImagesToShuffle) {
  EXPECT_TRUE(can_be_shuffled(SomeImages({0, -1, 1}, at::kByte)));
  EXPECT_FALSE(can_be_shuffled(SomeImages({0, -1, 0}, at::kByte)));
  EXPECT_FALSE(can_be_shuffled(SomeImages({-1}, at::kByte)));
}

}  // namespace penalmt::changed_images_test
