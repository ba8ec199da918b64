#include "datasets/images/labelled_images.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "datasets/images/decoded_images.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/datasets/coloured_images.h"

namespace penalmt::labelled_images_test {

class LabelledImagesTest : public testing::Test {
 protected:
  LabelledImagesTest() { write_coloured_images(root_, 5); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  const TemporaryFolder folder_;
  const std::filesystem::path root_ = folder_ / "data/train";
};

TEST_F(LabelledImagesTest, AFolderIsAClassAndBothAreSorted) {
  write_file(root_ / "red/.hidden", "no image");
  write_file(root_ / "red/Thumbs.db", "no image");
  write_file(root_ / "README", "no class");
  std::filesystem::create_directory(root_ / ".cache");
  for (const int threads : {1, 3}) {
    const LabelledImages images = read_labelled_images(root_, 8, threads);
    EXPECT_EQ(images.classes, (std::vector<std::string>{"blue", "red"}));
    EXPECT_EQ(images.others, (std::vector<std::string>{"README"}));
    ASSERT_EQ(images.count(), 10);
    EXPECT_EQ(images.names[4], "blue/004.ppm");
    EXPECT_EQ(images.names[5], "red/000.ppm");
    EXPECT_TRUE(at::equal(images.labels, at::tensor({0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, at::kLong)));
    for (int64_t i = 0; i < 10; ++i)
      EXPECT_TRUE(at::equal(images.pixels[i], load_image(root_ / images.names[i], 8))) << i;
  }
}

TEST_F(LabelledImagesTest, FoldersInAClassBelongToItAndOtherFilesAreNamed) {
  std::filesystem::create_directories(root_ / "blue/dark/er");
  std::filesystem::copy_file(root_ / "blue/000.ppm", root_ / "blue/dark/er/x.ppm");
  write_file(root_ / "blue/dark/notes.txt", "no image");
  const LabelledImages images = read_labelled_images(root_, 8, 1);
  ASSERT_EQ(images.count(), 11);
  EXPECT_EQ(images.names[5], "blue/dark/er/x.ppm");
  EXPECT_TRUE(at::equal(images.pixels[5], images.pixels[0]));
  EXPECT_EQ(images.labels[5].item<int64_t>(), 0);
  EXPECT_EQ(images.others, (std::vector<std::string>{"blue/dark/notes.txt"}));
  const LabelledSplits splits =
      read_labelled_splits({.folder = path("data"), .train = "train", .valid = 2}, 8, 1);
  EXPECT_EQ(splits.others, images.others);
  EXPECT_EQ(splits.root, root_);
}

TEST_F(LabelledImagesTest, AClassWhoseNameIsNoUtf8IsRefusedBeforeAnyImageIsRead) {
  std::filesystem::rename(root_ / "red", root_ / "r\xe9");
  write_file(root_ / "blue/000.ppm", "broken");
  for (const std::vector<std::string>& known : {std::vector<std::string>{}, {"blue", "red"}})
    expect_error([&] { read_labelled_images(root_, 8, 1, known); },
                 (root_ / "r\xe9").string() + ": the class's name is no UTF-8; rename the folder");
}

TEST_F(LabelledImagesTest, TheClassesOfAModelNumberTheLabels) {
  const LabelledImages images = read_labelled_images(root_, 8, 1, {"red", "green", "blue"});
  EXPECT_EQ(images.classes, (std::vector<std::string>{"red", "green", "blue"}));
  EXPECT_TRUE(at::equal(images.labels, at::tensor({2, 2, 2, 2, 2, 0, 0, 0, 0, 0}, at::kLong)));
}

TEST_F(LabelledImagesTest, TheLastOfEachClassAreForValidation) {
  const LabelledSplits splits =
      read_labelled_splits({.folder = path("data"), .train = "train", .valid = 2}, 8, 1);
  EXPECT_EQ(splits.train.names,
            (std::vector<std::string>{"blue/000.ppm", "blue/001.ppm", "blue/002.ppm", "red/000.ppm",
                                      "red/001.ppm", "red/002.ppm"}));
  EXPECT_EQ(splits.valid.names, (std::vector<std::string>{"blue/003.ppm", "blue/004.ppm",
                                                          "red/003.ppm", "red/004.ppm"}));
  EXPECT_TRUE(at::equal(splits.valid.labels, at::tensor({0, 0, 1, 1}, at::kLong)));
  EXPECT_TRUE(at::equal(splits.valid.pixels[2], load_image(root_ / "red/003.ppm", 8)));
  EXPECT_EQ(splits.valid.classes, splits.train.classes);
}

TEST_F(LabelledImagesTest, ALimitKeepsTheFirstOfEachClassToLearnFrom) {
  const auto splits = [&](int64_t limit) {
    return read_labelled_splits({.folder = path("data"), .valid = 2, .limit = limit}, 8, 1);
  };
  const LabelledSplits two = splits(2);
  EXPECT_EQ(two.train.names, (std::vector<std::string>{"blue/000.ppm", "blue/001.ppm",
                                                       "red/000.ppm", "red/001.ppm"}));
  EXPECT_TRUE(at::equal(two.train.labels, at::tensor({0, 0, 1, 1}, at::kLong)));
  EXPECT_EQ(two.valid.names, splits(0).valid.names);
  EXPECT_EQ(splits(0).train.count(), 6);
  EXPECT_EQ(splits(9).train.names, splits(0).train.names);
}

TEST_F(LabelledImagesTest, RefusesWhatIsNotThere) {
  const auto splits = [&](const std::string& folder, int64_t valid) {
    return read_labelled_splits({.folder = folder, .valid = valid}, 8, 1);
  };
  expect_error(
      [&] { splits(path("none"), 2); },
      path("none") + ": no such folder; expected a folder of labelled images; set data.folder");
  expect_error([&] { splits(path("data/train"), 2); },
               path("data/train/train") + ": no such folder; expected a folder of images");
  expect_error([&] { splits(path("data"), 5); },
               path("data/train/blue") + ": got 5 images, expected more than data.valid = 5");
  expect_error([&] { read_labelled_images(root_ / "red", 8, 1); },
               path("data/train/red") + ": got no folders, expected one of images for each class");
  expect_error(
      [&] {
        read_labelled_images(root_, 8, 1, {"blue", "redd"});
      },
      path("data/train") +
          ": unknown class 'red'; expected one of blue, redd; did you mean 'redd'?");
  std::filesystem::create_directory(root_ / "green");
  expect_error([&] { splits(path("data"), 2); },
               path("data/train/green") + ": got no images, expected some");
  write_file(root_ / "green/a.ppm", "nothing");
  write_file(root_ / "green/b.ppm", "nothing");
  expect_error([&] { splits(path("data"), 2); },
               path("data/train/green/a.ppm") + ": not an image that can be decoded");
  std::filesystem::remove_all(root_ / "green");
  std::filesystem::remove_all(root_ / "red");
  expect_error([&] { splits(path("data"), 2); },
               path("data/train") + ": got one class, 'blue'; expected at least two");
}

}  // namespace penalmt::labelled_images_test
