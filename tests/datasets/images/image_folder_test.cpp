#include "datasets/images/image_folder.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::image_folder_test {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

TEST(ImageFolder, HoldsTheImagesOfItsFoldersAndNamesTheRest) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "more/deep");
  fs::create_directories(folder / ".cache");
  for (const char* name :
       {"b.PNG", "a.jpg", "more/deep/c.pbm", "more/d.webp", "notes.txt", "more/film.gif"})
    write_file(folder / name, "");
  for (const char* name : {".hidden.png", "Thumbs.db", "more/thumbs.db", "desktop.ini",
                           "more/.DS_Store", ".cache/e.png"})
    write_file(folder / name, "");
  write_file(folder / "0001", "\xff\xd8\xff\xe0 a JPEG without an ending");
  fs::create_directory_symlink(".", folder / "again");
  const ImageFolder found = images_in(folder.path());
  EXPECT_EQ(found.names, (Names{"0001", "a.jpg", "b.PNG", "more/d.webp", "more/deep/c.pbm"}));
  EXPECT_EQ(found.others, (Names{"again", "more/film.gif", "notes.txt"}));
}

TEST(ImageFolder, SaysOnceWhatIsPassedOver) {
  EXPECT_EQ(about_others("images", {}), "");
  EXPECT_EQ(about_others("images", {"notes.txt"}),
            "images: one entry is no image and is passed over: notes.txt");
  EXPECT_EQ(about_others("images", {"a.gif", "b.gif"}),
            "images: 2 entries are no images and are passed over, such as a.gif");
}

TEST(ImageFolder, RefusesWhatIsNoFolder) {
  expect_error([] { images_in("/absent"); },
               "/absent: no such folder; expected a folder of images");
}

}  // namespace penalmt::image_folder_test
