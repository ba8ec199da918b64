#include "datasets/features/feature_set.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tensors/safetensors.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::feature_set_test {

FeatureStore some_store(const TemporaryFolder& folder) {
  save_safetensors(folder / "store.safetensors",
                   {{{"features", at::arange(12, at::kFloat).view({3, 2, 2})}},
                    {{"names", "a.jpg\nb.jpg\nc.jpg"}, {"encoder", "toy"}}});
  return FeatureStore::open(folder / "store.safetensors");
}

TEST(StoredFeatures, FindsEveryLinesRowByItsName) {
  const TemporaryFolder folder;
  const StoredFeatures set({"c.jpg", "", "z.jpg", "a.jpg", "c.jpg"}, some_store(folder), "store");
  EXPECT_EQ(set.index(), (std::vector<int64_t>{2, -1, -1, 0, 2}));
  EXPECT_EQ(set.missing(), 2);
  EXPECT_EQ(set.found(), 3);
  EXPECT_TRUE(at::equal(set.rows({2, 0}),
                        at::tensor({8.f, 9.f, 10.f, 11.f, 0.f, 1.f, 2.f, 3.f}).view({2, 2, 2})));
}

TEST(StoredFeatures, RefusesWhereNotOneNameIsInTheStore) {
  const TemporaryFolder folder;
  const FeatureStore store = some_store(folder);
  expect_error(
      [&] {
        StoredFeatures({"", "z.jpg"}, store, "S");
      },
      "S: not one of the images of 2 lines is in it; expected names such as 'z.jpg'");
  expect_error(
      [&] {
        StoredFeatures({"", ""}, store, "S");
      },
      "S: not one of the images of 2 lines is in it; no line of the list names one");
}

}  // namespace penalmt::feature_set_test
