#include "report/images.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::html::images_test {

using namespace std::string_literals;

const std::string kGif = "GIF89a\x40\1\xF0\0"s;  // 320 x 240

TEST(Images, AreKnownByTheirFirstBytes) {
  const TemporaryFolder folder;
  const auto path = folder / "image";
  const auto source = [&](const std::string& bytes) {
    write_file(path, bytes);
    const std::string element = image(path, "");
    const std::size_t begin = element.find('"') + 1;
    return element.substr(begin, element.find('"', begin) - begin);
  };
  EXPECT_EQ(source("\x89PNG\r\n\x1A\nxyz"), "data:image/png;base64,iVBORw0KGgp4eXo=");
  EXPECT_EQ(source("\xFF\xD8\xFF\xE0"), "data:image/jpeg;base64,/9j/4A==");
  EXPECT_TRUE(source("RIFF....WEBP").starts_with("data:image/webp;base64,"));
  EXPECT_TRUE(source("BM....").starts_with("data:image/bmp;base64,"));
  EXPECT_EQ(
      thrown_message<Error>([&] { source("text"); }),
      path.string() + ": not an image that a page can show; expected JPEG, PNG, GIF, WebP or BMP");
}

TEST(Images, KeepTheirPlaceInThePage) {
  const TemporaryFolder folder;
  write_file(folder / "a.gif", kGif);
  EXPECT_EQ(
      image(folder / "a.gif", "a \"dog\""),
      "<img src=\"data:image/gif;base64,R0lGODlhQAHwAA==\" alt=\"a &quot;dog&quot;\" width=\"320\" "
      "height=\"240\">");
  write_file(folder / "b.ppm", "P6\n1 1\n255\nabc");
  EXPECT_EQ(image(folder / "b.ppm", "a dog"),
            "<span class=\"quiet\">b.ppm: no browser shows portable maps (.ppm)</span>");
}

}  // namespace penalmt::html::images_test
