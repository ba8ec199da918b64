#include "datasets/text/image_names.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::image_names_test {

namespace fs = std::filesystem;

class ImageNames : public testing::Test {
 protected:
  ImageNames() {
    for (const char* folder : {"images/more", "elsewhere"})
      fs::create_directories(folder_ / folder);
    for (const char* file : {"images/a.png", "images/more/b.png", "elsewhere/secret.png"})
      write_file(folder_ / file, "");
  }
  const TemporaryFolder folder_;
  const fs::path root_ = folder_ / "images";
};

TEST_F(ImageNames, StayInTheirFolderOrLeadOut) {
  for (const std::string& root : {root_.string(), root_.string() + "/"}) {
    for (const char* name :
         {"", "a.png", "./a.png", "more/b.png", "more/../a.png", "absent.png", "..a.png", "a..b/c"})
      EXPECT_FALSE(leads_out(root, name)) << name;
    for (const char* name : {"..", "../images2/a.png", "../elsewhere/secret.png", "/etc/passwd",
                             "more/../../elsewhere/secret.png", "../absent.png"})
      EXPECT_TRUE(leads_out(root, name)) << name;
  }
  EXPECT_FALSE(leads_out(root_, (root_ / "a.png").string()));
  EXPECT_FALSE(leads_out(root_, "../images/a.png"));
}

TEST_F(ImageNames, LinksLeadWhereTheyLead) {
  fs::create_symlink(folder_ / "elsewhere/secret.png", root_ / "out.png");
  fs::create_symlink("../elsewhere", root_ / "out");
  fs::create_symlink("a.png", root_ / "in.png");
  fs::create_symlink(root_, folder_ / "linked");
  EXPECT_TRUE(leads_out(root_, "out.png"));
  EXPECT_TRUE(leads_out(root_, "out/secret.png"));
  EXPECT_FALSE(leads_out(root_, "in.png"));
  EXPECT_FALSE(leads_out(folder_ / "linked", "a.png"));  // the folder itself may be a link
  EXPECT_TRUE(leads_out(folder_ / "linked", "out.png"));
}

TEST_F(ImageNames, AreRefusedWithTheirLine) {
  const auto check = [&](const std::vector<std::string>& names) {
    expect_inside(names, "images", "list.txt", "; --allow-outside takes it");
  };
  check({"a.png", "", "more/b.png"});
  expect_error(
      [&] {
        check({"a.png", "", "../elsewhere/secret.png", "/etc/passwd"});
      },
      "list.txt:3: the image '../elsewhere/secret.png' is outside of images; "
      "--allow-outside takes it");
}

TEST_F(ImageNames, ThatAreNotThereMayMeanOnesThatDifferInTheirEnding) {
  using Names = std::vector<std::string>;
  write_file(root_ / "a.jpg", "");
  write_file(root_ / "a.b.png", "");
  EXPECT_EQ(names_like(root_, "a"), (Names{"a.jpg", "a.png"}));
  EXPECT_EQ(names_like(root_, "a.webp"), (Names{"a.jpg", "a.png"}));
  EXPECT_EQ(names_like(root_, "a.b"), (Names{"a.b.png", "a.jpg", "a.png"}));
  EXPECT_EQ(names_like(root_, "more/b"), (Names{"more/b.png"}));
  for (const char* name : {"", "b", "more", "more/a", "absent/a", "mor"})
    EXPECT_EQ(names_like(root_, name), Names{}) << name;
  const Names store = {"dogs/1.jpg", "dogs/1.png", "1.jpg"};
  EXPECT_EQ(names_like(store, "dogs/1"), (Names{"dogs/1.jpg", "dogs/1.png"}));
  EXPECT_EQ(did_you_mean_image({}), "");
  EXPECT_EQ(did_you_mean_image({"a.jpg"}), "; did you mean 'a.jpg'?");
  EXPECT_EQ(did_you_mean_image({"1", "2", "3", "4"}), "; did you mean '1' or '2' or '3'?");
}

}  // namespace penalmt::image_names_test
