#include "datasets/batches.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "base/config.h"
#include "datasets/images/decoded_images.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::batches_test {

using Batches = std::vector<std::vector<int64_t>>;

Example example(std::size_t source_length, std::size_t target_length) {
  return {.source = std::vector<int>(source_length, 9),
          .target = std::vector<int>(target_length, 9)};
}

std::vector<Example> many_examples() {
  std::vector<Example> examples;
  for (int i = 0; i < 500; ++i) examples.push_back(example(1 + (i * 37) % 41, 2 + (i * 53) % 31));
  return examples;
}

TEST(MakeBatches, EqualsThePythonRuleWithoutShuffling) {
  const nlohmann::json golden = config::parse_file(PENALMT_SOURCE "/tests/golden/batches.json");
  std::vector<Example> examples;
  for (const auto& [source, target] : golden["lengths"].get<std::vector<std::pair<int, int>>>())
    examples.push_back(example(source, target));
  for (const auto& [budget, batches] : golden["batches"].items())
    EXPECT_EQ(make_batches(examples, std::stoll(budget), std::nullopt), batches.get<Batches>())
        << budget;
}

TEST(MakeBatches, ClosesABatchBeforeItExceedsTheBudget) {
  // (source, target positions): 3 4, 2 2, 5 2, 1 2; sorted by target, then source: 3, 1, 2, 0.
  const std::vector<Example> examples = {example(3, 5), example(2, 3), example(5, 3),
                                         example(1, 3)};
  EXPECT_EQ(make_batches(examples, 6, std::nullopt), (Batches{{3, 1}, {2}, {0}}));
  EXPECT_EQ(make_batches(examples, 10, std::nullopt), (Batches{{3, 1}, {2, 0}}));
  EXPECT_EQ(make_batches(examples, 20, std::nullopt), (Batches{{3, 1, 2, 0}}));
  EXPECT_EQ(make_batches(examples, 1, std::nullopt),
            (Batches{{3}, {1}, {2}, {0}}));  // longer than the budget: alone
}

TEST(MakeBatches, MakesNoneOfNothing) {
  EXPECT_TRUE(make_batches({}, 100, std::nullopt).empty());
  EXPECT_TRUE(make_batches({}, 100, 1).empty());
}

TEST(MakeBatches, UsesEveryExampleOnceWithinTheBudget) {
  const std::vector<Example> examples = many_examples();
  for (const uint64_t seed : {1, 2, 3}) {
    std::vector<int64_t> all;
    for (const auto& batch : make_batches(examples, 300, seed)) {
      std::size_t longest = 0;
      for (const int64_t i : batch)
        longest = std::max({longest, examples[i].source.size(), examples[i].target.size() - 1});
      EXPECT_LE(longest * batch.size(), 300u);
      all.insert(all.end(), batch.begin(), batch.end());
    }
    std::sort(all.begin(), all.end());
    std::vector<int64_t> expected(examples.size());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(all, expected);
  }
}

TEST(MakeBatches, DependsOnTheSeedAlone) {
  const std::vector<Example> examples = many_examples();
  EXPECT_EQ(make_batches(examples, 300, 5), make_batches(examples, 300, 5));
  EXPECT_NE(make_batches(examples, 300, 5), make_batches(examples, 300, 6));
}

TEST(MakeBatches, ShufflesTiesAndBatches) {
  // 64 equal sentences, 8 a batch: another seed gives batches of other sentences.
  const std::vector<Example> equal(64, example(4, 5));
  const auto composition = [&](uint64_t seed) {
    std::set<std::set<int64_t>> sets;
    for (const auto& batch : make_batches(equal, 32, seed))
      sets.insert({batch.begin(), batch.end()});
    return sets;
  };
  EXPECT_EQ(composition(1).size(), 8u);
  EXPECT_NE(composition(1), composition(2));
  // 30 lengths, one a batch: the order of batches is not that of lengths.
  std::vector<Example> lengths;
  for (int i = 0; i < 30; ++i) lengths.push_back(example(i + 1, i + 2));
  const Batches shuffled = make_batches(lengths, 1, 1);
  EXPECT_FALSE(std::is_sorted(shuffled.begin(), shuffled.end()));
}

TEST(Collate, PadsShiftsAndCounts) {
  const std::vector<Example> examples = {
      {.source = {5, 6, 2}, .target = {1, 7, 2}, .id = 10},
      {.source = {9, 2}, .target = {1, 2}, .id = 11},
      {.source = {8, 2}, .target = {1, 4, 5, 6, 2}, .id = 12},
  };
  const Batch batch = collate(examples, {2, 0}, nullptr);
  EXPECT_TRUE(at::equal(batch.source, at::tensor({8, 2, 0, 5, 6, 2}, at::kLong).view({2, 3})));
  EXPECT_TRUE(at::equal(batch.source_lengths, at::tensor({2, 3}, at::kLong)));
  EXPECT_TRUE(
      at::equal(batch.target_input, at::tensor({1, 4, 5, 6, 1, 7, 0, 0}, at::kLong).view({2, 4})));
  EXPECT_TRUE(
      at::equal(batch.target_output, at::tensor({4, 5, 6, 2, 7, 2, 0, 0}, at::kLong).view({2, 4})));
  EXPECT_TRUE(at::equal(batch.ids, at::tensor({12, 10}, at::kLong)));
  EXPECT_EQ(batch.target_tokens, 6);
  EXPECT_FALSE(batch.images.defined());
  EXPECT_FALSE(batch.has_image.any().item<bool>());
}

TEST(Collate, LeavesTheTargetUndefinedWhenTranslating) {
  const std::vector<Example> examples = {{.source = {5, 2}, .target = {}},
                                         {.source = {2}, .target = {}}};
  const Batch batch = collate(examples, {0, 1}, nullptr);
  EXPECT_FALSE(batch.target_input.defined());
  EXPECT_FALSE(batch.target_output.defined());
  EXPECT_EQ(batch.target_tokens, 0);
  EXPECT_EQ(make_batches(examples, 2, std::nullopt), (Batches{{1}, {0}}));
}

TEST(Collate, GathersTheImagesOfTheRowsThatHaveOne) {
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i)
    cv::imwrite((folder / (std::to_string(i) + ".png")).string(),
                cv::Mat(2, 2, CV_8UC1, cv::Scalar(50 + i)));
  const DecodedImages images({"0.png", "1.png", "2.png"}, folder.path(), 2);
  const std::vector<Example> examples = {{.source = {2}, .target = {}, .image = 2},
                                         {.source = {2}, .target = {}},
                                         {.source = {2}, .target = {}, .image = 0}};
  const Batch mixed = collate(examples, {0, 1, 2}, &images);
  EXPECT_TRUE(at::equal(mixed.has_image.to(at::kLong), at::tensor({1, 0, 1}, at::kLong)));
  ASSERT_EQ(mixed.images.sizes(), (std::vector<int64_t>{2, 3, 2, 2}));
  EXPECT_TRUE(at::equal(mixed.images.select(3, 0).select(2, 0).select(1, 0),
                        at::tensor({52, 50}, at::kByte)));
  EXPECT_TRUE(at::equal(collate(examples, {2, 0}, &images).images, mixed.images.flip(0)));
  EXPECT_FALSE(collate(examples, {1}, &images).images.defined());
}

}  // namespace penalmt::batches_test
