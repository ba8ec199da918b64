#include "datasets/images/decoded_images.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::decoded_images_test {

const cv::Scalar kRed(0, 0, 255), kBlue(255, 0, 0);  // BGR

std::string encoded(const std::string& extension, const cv::Mat& image) {
  std::vector<uint8_t> bytes;
  cv::imencode(
      extension, image, bytes,
      extension == ".jpg" ? std::vector<int>{cv::IMWRITE_JPEG_QUALITY, 98} : std::vector<int>());
  return {bytes.begin(), bytes.end()};
}

// 16 wide and 8 high: red on the left, blue on the right.
cv::Mat red_and_blue() {
  cv::Mat image(8, 16, CV_8UC3, kRed);
  image(cv::Rect(8, 0, 8, 8)) = kBlue;
  return image;
}

// The JPEG with an EXIF segment that says how to turn it.
std::string with_orientation(const std::string& jpeg, char orientation) {
  std::string exif("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0", 32);
  exif[24] = orientation;
  std::string segment("\xff\xe1\0", 3);
  segment += static_cast<char>(exif.size() + 2);
  return jpeg.substr(0, 2) + segment + exif + jpeg.substr(2);
}

std::vector<int> colour_at(const at::Tensor& image, int64_t y, int64_t x) {
  std::vector<int> rgb;
  for (int c = 0; c < 3; ++c) rgb.push_back(image[c][y][x].item<uint8_t>());
  return rgb;
}

void expect_near(const std::vector<int>& got, const std::vector<int>& expected, int tolerance) {
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(got[c], expected[c], tolerance) << "channel " << c;
}

TEST(LoadImage, GivesChannelsFirstInTheOrderRedGreenBlue) {
  const TemporaryFolder folder;
  cv::Mat image(2, 2, CV_8UC3);
  image.at<cv::Vec3b>(0, 0) = {1, 2, 3};
  image.at<cv::Vec3b>(0, 1) = {4, 5, 6};
  image.at<cv::Vec3b>(1, 0) = {7, 8, 9};
  image.at<cv::Vec3b>(1, 1) = {10, 11, 12};
  write_file(folder / "a.png", encoded(".png", image));
  const at::Tensor loaded = load_image(folder / "a.png", 2);
  EXPECT_TRUE(at::equal(
      loaded, at::tensor({3, 6, 9, 12, 2, 5, 8, 11, 1, 4, 7, 10}, at::kByte).view({3, 2, 2})));
}

TEST(LoadImage, AveragesAreasWhenShrinkingAndSquashesToASquare) {
  const TemporaryFolder folder;
  cv::Mat image(2, 4, CV_8UC1);
  const uint8_t values[] = {10, 20, 100, 104, 30, 40, 108, 112};
  std::copy(std::begin(values), std::end(values), image.ptr());
  write_file(folder / "a.png", encoded(".png", image));
  // Two columns become one, rows stay.
  const at::Tensor two = load_image(folder / "a.png", 2);
  EXPECT_TRUE(at::equal(two[0], at::tensor({15, 102, 35, 110}, at::kByte).view({2, 2})));
  EXPECT_EQ(load_image(folder / "a.png", 1)[0].item<uint8_t>(), 66);  // 524 / 8 = 65.5
  EXPECT_EQ(load_image(folder / "a.png", 9).sizes(), (std::vector<int64_t>{3, 9, 9}));
}

TEST(LoadImage, GrowsWithoutLeavingTheRangeOfItsColours) {
  const TemporaryFolder folder;
  write_file(folder / "a.png", encoded(".png", red_and_blue()));
  const at::Tensor grown = load_image(folder / "a.png", 32);
  EXPECT_EQ(colour_at(grown, 16, 1), (std::vector<int>{255, 0, 0}));
  EXPECT_EQ(colour_at(grown, 16, 30), (std::vector<int>{0, 0, 255}));
}

TEST(LoadImage, ObeysExifOrientation) {
  const TemporaryFolder folder;
  const std::string jpeg = encoded(".jpg", red_and_blue());
  struct Turned {
    char orientation;
    int red_y, red_x;  // where the red half is afterwards, in an image of 8 x 8
  };
  for (const auto& [orientation, y, x] :
       {Turned{1, 4, 1}, Turned{3, 4, 6}, Turned{6, 1, 4}, Turned{8, 6, 4}}) {
    write_file(folder / "a.jpg", with_orientation(jpeg, orientation));
    const at::Tensor image = load_image(folder / "a.jpg", 8);
    expect_near(colour_at(image, y, x), {255, 0, 0}, 12);
    expect_near(colour_at(image, 7 - y, 7 - x), {0, 0, 255}, 12);
  }
}

TEST(LoadImage, MakesGreyColoured) {
  const TemporaryFolder folder;
  write_file(folder / "a.png", encoded(".png", cv::Mat(4, 4, CV_8UC1, cv::Scalar(77))));
  EXPECT_EQ(colour_at(load_image(folder / "a.png", 4), 2, 2), (std::vector<int>{77, 77, 77}));
}

TEST(LoadImage, ShowsTransparentPartsWhite) {
  const TemporaryFolder folder;
  cv::Mat image(1, 3, CV_8UC4, cv::Scalar(255, 0, 0, 255));
  image.at<cv::Vec4b>(0, 1) = {255, 0, 0, 0};
  image.at<cv::Vec4b>(0, 2) = {255, 0, 0, 51};  // a fifth of blue, four fifths of white
  write_file(folder / "a.png", encoded(".png", image));
  const at::Tensor loaded = load_image(folder / "a.png", 3);
  EXPECT_EQ(colour_at(loaded, 1, 0), (std::vector<int>{0, 0, 255}));
  EXPECT_EQ(colour_at(loaded, 1, 1), (std::vector<int>{255, 255, 255}));
  EXPECT_EQ(colour_at(loaded, 1, 2), (std::vector<int>{204, 204, 255}));
}

TEST(LoadImage, BringsSixteenBitsDownToEight) {
  const TemporaryFolder folder;
  write_file(folder / "a.png",
             encoded(".png", cv::Mat(2, 2, CV_16UC3, cv::Scalar(257 * 10, 257 * 100, 257 * 200))));
  EXPECT_EQ(colour_at(load_image(folder / "a.png", 2), 0, 0), (std::vector<int>{200, 100, 10}));
  write_file(folder / "b.png",
             encoded(".png", cv::Mat(2, 2, CV_16UC4, cv::Scalar(0, 0, 65535, 65535))));
  EXPECT_EQ(colour_at(load_image(folder / "b.png", 2), 0, 0), (std::vector<int>{255, 0, 0}));
}

TEST(LoadImage, RefusesWhatDoesNotDecode) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& name, const std::string& bytes) {
    write_file(folder / name, bytes);
    return folder.without_path(thrown_message<Error>([&] { load_image(folder / name, 8); }));
  };
  cv::Mat noisy(64, 64, CV_8UC3);
  cv::randu(noisy, 0, 256);
  const std::string png = encoded(".png", noisy), jpeg = encoded(".jpg", noisy);
  EXPECT_EQ(message("text.jpg", "this is no image"), "text.jpg: not an image that can be decoded");
  EXPECT_EQ(message("hollow.jpg", jpeg.substr(0, 20) + jpeg.substr(jpeg.size() - 2)),
            "hollow.jpg: not an image that can be decoded");
  EXPECT_EQ(message("empty.png", ""),
            "empty.png: an empty file; expected a JPEG, PNG, WebP, BMP or PPM");
  EXPECT_EQ(
      message("cut.png", png.substr(0, png.size() / 2)),
      "cut.png: cut off; got " + std::to_string(png.size() / 2) + " bytes without a PNG's end");
  std::string damaged = png;
  damaged[1000] ^= 1;
  EXPECT_EQ(message("damaged.png", damaged),
            "damaged.png: damaged; the checksum of a PNG's part at byte 33 is wrong");
  EXPECT_EQ(message("cut.jpg", jpeg.substr(0, 1000)),
            "cut.jpg: cut off; got 1000 bytes without a JPEG's end marker");
  EXPECT_EQ(message("head.jpg", jpeg.substr(0, 20)),
            "head.jpg: cut off; got 20 bytes without a JPEG's end marker");
  EXPECT_EQ(
      folder.without_path(thrown_message<Error>([&] { load_image(folder / "absent.png", 8); })),
      "absent.png: cannot read: No such file or directory");
}

TEST(LoadImage, ReadsAJpegWithAThumbnailAndWithBytesAfterItsEnd) {
  const TemporaryFolder folder;
  const std::string jpeg = encoded(".jpg", red_and_blue());
  // A segment that holds a whole small JPEG, end marker and all, as cameras write it.
  std::string thumbnail("\xff\xe2", 2);
  thumbnail += static_cast<char>((jpeg.size() + 2) >> 8);
  thumbnail += static_cast<char>((jpeg.size() + 2) & 0xff);
  const std::string with_thumbnail = jpeg.substr(0, 2) + thumbnail + jpeg + jpeg.substr(2);
  write_file(folder / "a.jpg", with_thumbnail + "trailing bytes");
  expect_near(colour_at(load_image(folder / "a.jpg", 8), 4, 1), {255, 0, 0}, 12);
  write_file(folder / "b.jpg", with_thumbnail.substr(0, with_thumbnail.size() - 2));
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { load_image(folder / "b.jpg", 8); })),
            "b.jpg: cut off; got " + std::to_string(with_thumbnail.size() - 2) +
                " bytes without a JPEG's end marker");
}

TEST(DecodedImages, GivesEveryLineItsImage) {
  const TemporaryFolder folder;
  for (int i = 0; i < 5; ++i)
    write_file(folder / (std::to_string(i) + ".png"),
               encoded(".png", cv::Mat(3, 3, CV_8UC1, cv::Scalar(10 * i))));
  const std::vector<std::string> names = {"4.png", "", "absent.png", "1.png", "4.png", "0.png"};
  for (const int threads : {1, 3}) {
    const DecodedImages images(names, folder.path(), 2, threads);
    EXPECT_EQ(images.index(),
              (std::vector<int64_t>{0, -1, -1, 1, 0, 2}));  // "4.png" is decoded once
    EXPECT_EQ(images.missing(), 2);
    EXPECT_EQ(images.found(), 4);
    ASSERT_EQ(images.pixels().sizes(), (std::vector<int64_t>{3, 3, 2, 2}));
    EXPECT_TRUE(at::equal(images.pixels().select(2, 0).select(2, 0).select(1, 0),
                          at::tensor({40, 10, 0}, at::kByte)));
  }
}

TEST(DecodedImages, TakesAnEmptyList) {
  const DecodedImages images({}, "nowhere", 4);
  EXPECT_EQ(images.missing(), 0);
  EXPECT_EQ(images.pixels().size(0), 0);
}

TEST(DecodedImages, RefusesWhereNotOneImageIsThere) {
  EXPECT_EQ(thrown_message<Error>([] {
              DecodedImages({"", "a.jpg", "b.jpg"}, "/absent", 4);
            }),
            "/absent: not one of the images of 3 lines is there; expected files such as 'a.jpg'");
  EXPECT_EQ(thrown_message<Error>([] {
              DecodedImages({"", ""}, "/absent", 4);
            }),
            "/absent: not one of the images of 2 lines is there; no line of the list names one");
}

TEST(DecodedImages, NamesTheFirstFileThatDoesNotDecode) {
  const TemporaryFolder folder;
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.push_back(std::to_string(i) + ".png");
    write_file(folder / names.back(),
               i == 7 || i == 8 ? "broken" : encoded(".png", red_and_blue()));
  }
  for (const int threads : {1, 4})
    EXPECT_EQ(folder.without_path(
                  thrown_message<Error>([&] { DecodedImages(names, folder.path(), 4, threads); })),
              "7.png: not an image that can be decoded");
}

TEST(DecodedImages, ABrokenImageCountsAsMissingWhereItIsToBeSkipped) {
  const TemporaryFolder folder;
  write_file(folder / "a.png", encoded(".png", red_and_blue()));
  write_file(folder / "b.png", "broken");
  const std::vector<std::string> names = {"a.png", "b.png", "", "b.png", "a.png"};
  const DecodedImages images(names, folder.path(), 4, 1, {.skip_broken = true});
  EXPECT_EQ(images.index(), (std::vector<int64_t>{0, -1, -1, -1, 0}));
  EXPECT_EQ(images.found(), 2);
  ASSERT_EQ(images.broken().size(), 2U);
  EXPECT_EQ(images.broken()[0].line, 1U);
  EXPECT_EQ(images.broken()[1].line, 3U);
  EXPECT_EQ(folder.without_path(images.broken()[1].problem),
            "b.png: not an image that can be decoded");
}

TEST(DecodedImages, RefusesANameThatLeadsOutUnlessAllowed) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "images");
  write_file(folder / "a.png", encoded(".png", red_and_blue()));
  const std::vector<std::string> names = {"../a.png"};
  EXPECT_EQ(folder.without_path(
                thrown_message<Error>([&] { DecodedImages(names, folder / "images", 4, 1); })),
            "images: the image '../a.png' is outside of it");
  EXPECT_EQ(DecodedImages(names, folder / "images", 4, 1, {.allow_outside = true}).found(), 1);
}

}  // namespace penalmt::decoded_images_test
