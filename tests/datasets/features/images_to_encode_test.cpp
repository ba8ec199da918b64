#include "datasets/features/images_to_encode.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::images_to_encode_test {

using Names = std::vector<std::string>;

TEST(ImagesToEncode, OfAListAreEachNameOnceWithItsFirstLine) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt", "b.jpg\n\na.jpg#3\nb.jpg#1\n");
  write_file(folder / "b.png", "");
  const ImagesToEncode images = images_of_list(folder / "list.txt", folder.path());
  EXPECT_EQ(images.names, (Names{"b.jpg", "a.jpg"}));
  EXPECT_EQ(images.lines, (std::vector<int64_t>{1, 3}));
  const std::string list = (folder / "list.txt").string(), root = folder.path().string();
  EXPECT_EQ(images.missing(),
            (Names{list + ":1: " + root + "/b.jpg: no such file; did you mean 'b.png'?",
                   list + ":3: " + root + "/a.jpg: no such file"}));
}

TEST(ImagesToEncode, OfAListStayInTheFolderUnlessTheyMayLeaveIt) {
  const TemporaryFolder folder;
  write_file(folder / "list.txt", "a.jpg\n../b.jpg\n");
  const std::string list = (folder / "list.txt").string(), root = folder.path().string();
  expect_error(
      [&] {
        images_of_list(folder / "list.txt", folder.path(), {.way_out = "; --outside takes it"});
      },
      list + ":2: the image '../b.jpg' is outside of " + root + "; --outside takes it");
  EXPECT_EQ(images_of_list(folder / "list.txt", folder.path(), {.allowed = true}).names,
            (Names{"a.jpg", "../b.jpg"}));
}

TEST(ImagesToEncode, OfAFolderAreItsImagesAndWhatElseIsThere) {
  const TemporaryFolder folder;
  for (const char* name : {"b.jpg", "a.png", "notes.txt"}) write_file(folder / name, "");
  const ImagesToEncode images = images_of_folder(folder.path());
  EXPECT_EQ(images.names, (Names{"a.png", "b.jpg"}));
  EXPECT_EQ(images.others, Names{"notes.txt"});
  EXPECT_EQ(images.place(1), "");
  EXPECT_TRUE(images.missing().empty());
}

}  // namespace penalmt::images_to_encode_test
