#include "report/images.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::html::images_test {

using namespace std::string_literals;

const std::string kPng = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xE0\10\2"s;  // 640 x 480
const std::string kGif = "GIF89a\x40\1\xF0\0"s;                                      // 320 x 240
// An application segment of 4 bytes, a Huffman table of 2, padding, then a progressive frame of 500
// x 375.
const std::string kJpeg = "\xFF\xD8\xFF\xE0\0\4ab\xFF\xC4\0\2\xFF\xFF\xC2\0\21\10\1\x77\1\xF4\3"s;

TEST(Images, AreKnownByTheirFirstBytes) {
  const TemporaryFolder folder;
  const auto path = folder / "image";
  write_file(path, "\x89PNG\r\n\x1A\nxyz");
  EXPECT_EQ(data_uri(path), "data:image/png;base64,iVBORw0KGgp4eXo=");
  write_file(path, "\xFF\xD8\xFF\xE0");
  EXPECT_EQ(data_uri(path), "data:image/jpeg;base64,/9j/4A==");
  write_file(path, "RIFF....WEBP");
  EXPECT_TRUE(data_uri(path).starts_with("data:image/webp;base64,"));
  write_file(path, "BM....");
  EXPECT_TRUE(data_uri(path).starts_with("data:image/bmp;base64,"));
  write_file(path, "text");
  EXPECT_EQ(
      thrown_message<Error>([&] { data_uri(path); }),
      path.string() + ": not an image that a page can show; expected JPEG, PNG, GIF, WebP or BMP");
}

TEST(Images, TellTheirSize) {
  EXPECT_EQ(image_size(kPng), (ImageSize{640, 480}));
  EXPECT_EQ(image_size(kGif), (ImageSize{320, 240}));
  EXPECT_EQ(image_size(kJpeg), (ImageSize{500, 375}));
}

TEST(Images, ThatAreCutOffHaveNoSize) {
  for (const std::string& whole : {kPng.substr(0, 24), kGif, kJpeg.substr(0, kJpeg.size() - 1)})
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(image_size(std::string_view(whole).substr(0, length)), std::nullopt) << length;
  EXPECT_EQ(image_size("RIFF....WEBP"), std::nullopt);
  EXPECT_EQ(image_size(kJpeg.substr(0, 8) + "no marker here"), std::nullopt);
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
