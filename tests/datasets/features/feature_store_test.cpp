#include "datasets/features/feature_store.h"

#include <sys/mman.h>
#include <unistd.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "datasets/features/feature_writer.h"
#include "tensors/npy.h"
#include "tensors/safetensors.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::feature_store_test {

// Element i is i / 8: exact in float16.
at::Tensor counted(std::vector<int64_t> shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::arange(count, at::kFloat).div(8).view(shape);
}

StorePlan plan_of(std::vector<std::string> names, bool half = true) {
  return {std::move(names), "tiny 0123", {2, 3}, half};
}

std::string refusal(const TemporaryFolder& folder, const std::string& name,
                    const std::filesystem::path& names = {}) {
  return folder.without_path(
      thrown_message<Error>([&] { FeatureStore::open(folder / name, names); }));
}

TEST(FeatureStore, GivesBackWhatTheWriterGot) {
  const TemporaryFolder folder;
  for (const char* file : {"a.safetensors", "a.npy"}) {
    for (const bool half : {true, false}) {
      FeatureWriter writer(folder / file, plan_of({"x.jpg", "broken.jpg", "y.jpg", "é.jpg"}, half),
                           false);
      const at::Tensor features = counted({3, 2, 3});
      writer.add(features.slice(0, 0, 1), {true, false});
      writer.add(features.slice(0, 1, 3), {true, true});
      EXPECT_EQ(writer.done(), 4);
      EXPECT_EQ(writer.kept(), 3);
      writer.finish();
      const FeatureStore store = FeatureStore::open(folder / file);
      EXPECT_EQ(store.names(), (std::vector<std::string>{"x.jpg", "y.jpg", "é.jpg"}));
      EXPECT_EQ(store.regions(), 2);
      EXPECT_EQ(store.width(), 3);
      EXPECT_EQ(store.encoder(), "tiny 0123");
      EXPECT_EQ(store.type(), half ? at::kHalf : at::kFloat);
      EXPECT_EQ(store.row("é.jpg"), 2);
      EXPECT_EQ(store.row("broken.jpg"), -1);
      const at::Tensor rows = store.rows({2, 0, 2});
      EXPECT_EQ(rows.scalar_type(), store.type());
      EXPECT_TRUE(at::equal(rows.to(at::kFloat), features.index_select(0, at::tensor({2, 0, 2}))));
      EXPECT_EQ(store.rows({}).sizes(), (std::vector<int64_t>{0, 2, 3}));
    }
  }
  EXPECT_EQ(folder.entries(), 4);  // two stores; the names and the encoder of the .npy
  EXPECT_TRUE(at::equal(load_npy(folder / "a.npy"), counted({3, 2, 3})));
  EXPECT_TRUE(at::equal(load_safetensors(folder / "a.safetensors").tensors.at(0).second,
                        counted({3, 2, 3})));
}

TEST(FeatureStore, TakesTheStoresOfOthers) {
  const TemporaryFolder folder;
  write_file(folder / "names.txt", "a.jpg\nb.jpg#3\n");
  struct Kind {
    std::vector<int64_t> shape;
    int64_t regions, width;
  };
  for (const Kind& kind : {Kind{{2, 6}, 1, 6}, Kind{{2, 2, 3}, 2, 3}, Kind{{2, 3, 2, 4}, 8, 3}}) {
    const at::Tensor features = counted(kind.shape);
    const at::Tensor expected = kind.shape.size() == 4
                                    ? features.flatten(2).transpose(1, 2)
                                    : features.view({2, kind.regions, kind.width});
    save_npy(folder / "f.npy", features.to(at::kHalf));
    save_safetensors(folder / "f.safetensors", {{{"anything", features}}, {}});
    for (const char* file : {"f.npy", "f.safetensors"}) {
      const FeatureStore store = FeatureStore::open(folder / file, folder / "names.txt");
      EXPECT_EQ(store.encoder(), "");
      EXPECT_EQ(store.regions(), kind.regions);
      EXPECT_EQ(store.width(), kind.width);
      EXPECT_EQ(store.row("b.jpg"), 1);
      EXPECT_TRUE(at::equal(store.rows({1, 0}).to(at::kFloat), expected.flip(0)));
    }
  }
  // Names beside it; an image twice with equal features.
  save_npy(folder / "twice.npy", at::ones({3, 4}));
  write_file(folder / "twice.names.txt", "a.jpg\nb.jpg\na.jpg\n");
  EXPECT_EQ(FeatureStore::open(folder / "twice.npy").row("a.jpg"), 0);
}

TEST(FeatureStore, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  write_file(folder / "two.txt", "a.jpg\nb.jpg\n");
  save_npy(folder / "f.npy", counted({3, 4}));
  EXPECT_EQ(refusal(folder, "f.npy"),
            "f.npy: whose features they are is not known; expected the images' names, one a line, "
            "in f.names.txt");
  EXPECT_EQ(refusal(folder, "f.npy", folder / "two.txt"), "two.txt: 2 names, but f.npy has 3 rows");
  write_file(folder / "f.names.txt", "a.jpg\nb.jpg\na.jpg\n");
  EXPECT_EQ(refusal(folder, "f.npy"),
            "f.names.txt: 'a.jpg' stands twice, in lines 1 and 3, with different features");
  EXPECT_EQ(
      refusal(folder, "f.bin"),
      "f.bin: a feature store is a .safetensors or an .npy file; this is neither by its name");
  EXPECT_EQ(refusal(folder, "absent.npy"), "absent.npy: cannot read: No such file or directory");

  const std::string shapes = "expected [N, F], [N, R, F] or [N, F, H, W], none of them 0";
  save_npy(folder / "f.npy", counted({2}));
  EXPECT_EQ(refusal(folder, "f.npy", folder / "two.txt"), "f.npy: shape: got [2], " + shapes);
  save_npy(folder / "f.npy", counted({2, 1, 1, 1, 1}));
  EXPECT_EQ(refusal(folder, "f.npy", folder / "two.txt"),
            "f.npy: shape: got [2, 1, 1, 1, 1], " + shapes);
  save_npy(folder / "f.npy", counted({0, 4}));
  EXPECT_EQ(refusal(folder, "f.npy", folder / "two.txt"), "f.npy: shape: got [0, 4], " + shapes);
  save_npy(folder / "f.npy", counted({2, 4}).to(at::kDouble));
  EXPECT_EQ(refusal(folder, "f.npy", folder / "two.txt"),
            "f.npy: element type: got float64, expected float16 or float32 (numpy: "
            "features.astype('float32'))");
  save_npy(folder / "f.npy", counted({2, 4}));
  const std::string whole = read_file(folder / "f.npy");
  write_file(folder / "f.npy", whole.substr(0, whole.size() - 1));
  EXPECT_EQ(refusal(folder, "f.npy", folder / "two.txt"),
            "f.npy: got 31 bytes of data, expected 32 for <f4 (2, 4)");

  save_safetensors(folder / "f.safetensors",
                   {{{"a", counted({2, 4})}, {"b", counted({2, 4})}}, {}});
  EXPECT_EQ(
      refusal(folder, "f.safetensors", folder / "two.txt"),
      "f.safetensors: got 2 tensors without one called 'features'; expected that or a single one");
  save_safetensors(folder / "f.safetensors",
                   {{{"features", counted({2, 4})}}, {{"names", "a.jpg"}}});
  EXPECT_EQ(refusal(folder, "f.safetensors"),
            "f.safetensors: names: 1 names, but f.safetensors has 2 rows");
}

TEST(FeatureStore, NamesTheImageWhoseNumbersAreNotFinite) {
  const TemporaryFolder folder;
  write_file(folder / "f.names.txt", "a.jpg\nb.jpg\nc.jpg\n");
  for (const at::ScalarType type : {at::kHalf, at::kFloat})
    for (const double broken :
         {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
      at::Tensor features = counted({3, 4});
      features[1][3] = broken;
      features[0][0] = 65504;  // the greatest of float16
      save_npy(folder / "f.npy", features.to(type));
      const FeatureStore store = FeatureStore::open(folder / "f.npy");
      EXPECT_EQ(store.rows({0, 2}).size(0), 2);
      EXPECT_EQ(folder.without_path(thrown_message<Error>([&] {
        store.rows({0, 1});
      })),
                "f.npy: the features of 'b.jpg' hold a number that is not finite");
    }
}

TEST(FeatureStore, SaysWhatAModelExpectsInItsPlace) {
  const TemporaryFolder folder;
  save_safetensors(folder / "f.safetensors", {{{"features", counted({1, 2, 3})}},
                                              {{"names", "a.jpg"}, {"encoder", "mine 12"}}});
  const FeatureStore store = FeatureStore::open(folder / "f.safetensors");
  store.expect({2, 3}, "mine 12");
  store.expect({2, 3}, "");
  const auto message = [&](FeatureShape shape, const std::string& encoder) {
    return folder.without_path(thrown_message<Error>([&] { store.expect(shape, encoder); }));
  };
  EXPECT_EQ(message({49, 1280}, "mine 12"),
            "f.safetensors: got features of 2 x 3 (regions x width), expected 49 x 1280");
  EXPECT_EQ(message({2, 3}, "yours 34"),
            "f.safetensors: got features of the encoder 'mine 12', expected 'yours 34'");
  save_safetensors(folder / "foreign.safetensors",
                   {{{"features", counted({1, 2, 3})}}, {{"names", "a.jpg"}}});
  FeatureStore::open(folder / "foreign.safetensors")
      .expect({2, 3}, "yours 34");  // it does not say whose it is
}

// 64 MB on the disk; reading one row loads a small part of them into this process.
TEST(FeatureStore, LoadsOnlyWhatIsTouched) {
  const TemporaryFolder folder;
  std::string names;
  for (int i = 0; i < 64; ++i) names += std::to_string(i) + "\n";
  names.pop_back();
  save_safetensors(folder / "f.safetensors",
                   {{{"features", at::ones({64, 1 << 18})}}, {{"names", names}}});
  const auto resident_pages = [] {
    const std::string statm = read_file("/proc/self/statm");
    return std::stoll(statm.substr(statm.find(' ')));
  };
  const auto before = resident_pages();
  const FeatureStore store = FeatureStore::open(folder / "f.safetensors");
  EXPECT_EQ(store.rows({40}).sum().item<float>(), 1 << 18);
  EXPECT_LT((resident_pages() - before) * sysconf(_SC_PAGESIZE), 16 << 20);
}

}  // namespace penalmt::feature_store_test
