#include "base/image_size.h"

#include <gtest/gtest.h>

#include <string>

namespace penalmt::image_size_test {

using namespace std::string_literals;

const std::string kPng = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\2\x80\0\0\1\xE0\10\2"s;  // 640 x 480
const std::string kGif = "GIF89a\x40\1\xF0\0"s;                                      // 320 x 240
// An application segment of 4 bytes, a Huffman table of 2, padding, then a progressive frame of 500
// x 375.
const std::string kJpeg = "\xFF\xD8\xFF\xE0\0\4ab\xFF\xC4\0\2\xFF\xFF\xC2\0\21\10\1\x77\1\xF4\3"s;

TEST(ImageSize, IsReadFromTheHead) {
  EXPECT_EQ(image_size(kPng), (ImageSize{640, 480}));
  EXPECT_EQ(image_size(kGif), (ImageSize{320, 240}));
  EXPECT_EQ(image_size(kJpeg), (ImageSize{500, 375}));
}

TEST(ImageSize, IsNotKnownWhereTheHeadIsCutOff) {
  for (const std::string& whole : {kPng.substr(0, 24), kGif, kJpeg.substr(0, kJpeg.size() - 1)})
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(image_size(std::string_view(whole).substr(0, length)), std::nullopt) << length;
  EXPECT_EQ(image_size("RIFF....WEBP"), std::nullopt);
  EXPECT_EQ(image_size(kJpeg.substr(0, 8) + "no marker here"), std::nullopt);
}

}  // namespace penalmt::image_size_test
