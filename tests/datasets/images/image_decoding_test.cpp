// Images as other programs write them (tests/golden/vision.py), and files that are none.
#include "datasets/images/image_decoding.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <sys/resource.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "base/files.h"
#include "datasets/images/image_header.h"
#include "tensors/safetensors.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::image_decoding_test {

const std::filesystem::path kGolden = PENALMT_SOURCE "/tests/golden/vision";

std::vector<int> rgb_at(const cv::Mat& image, int y, int x) {
  const auto bgr = image.at<cv::Vec3b>(y, x);
  return {bgr[2], bgr[1], bgr[0]};
}

std::string refusal(const TemporaryFolder& folder, const std::string& name,
                    const std::string& bytes) {
  write_file(folder / name, bytes);
  return folder.without_path(thrown_message<Error>([&] { decode_image(folder / name); }));
}

std::string png_part(const std::string& name, const std::string& data) {
  const auto number = [](uint64_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  const std::string part = name + data;
  return number(data.size()) + part +
         number(
             crc32(0, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size())));
}

// side x side pixels of one bit; side < 65,536 and a multiple of 8.
std::string black_png(int side) {
  const std::string rows(static_cast<std::size_t>(side) * (1 + side / 8), '\0');
  std::string packed(compressBound(rows.size()), '\0');
  uLongf length = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &length,
           reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(length);
  const std::string size = {0, 0, static_cast<char>(side >> 8), static_cast<char>(side & 255)};
  return "\x89PNG\r\n\x1a\n" + png_part("IHDR", size + size + std::string("\x01\0\0\0\0", 5)) +
         png_part("IDAT", packed) + png_part("IEND", "");
}

TEST(DecodeImage, ReadsImagesAsPillowWritesThem) {
  const auto kinds = nlohmann::json::parse(read_file(kGolden / "kinds.json"));
  EXPECT_EQ(kinds.size(), 10U);
  for (const auto& [name, points] : kinds.items()) {
    const cv::Mat image = decode_image(kGolden / name);
    EXPECT_EQ(image.type(), CV_8UC3) << name;
    for (const auto& [point, colour] : points.items()) {
      int y = 0, x = 0;
      ASSERT_EQ(std::sscanf(point.c_str(), "%d,%d", &y, &x), 2);
      const std::vector<int> got = rgb_at(image, y, x);
      for (int c = 0; c < 3; ++c)
        EXPECT_LE(std::abs(got[c] - colour[c].get<int>()), name.ends_with(".jpg") ? 2 : 0)
            << name << " " << point << " channel " << c << ": " << got[c];
    }
  }
}

// tests/golden/images.py: EXIF and XMP of every form, kinds of JPEG, PNG, BMP and portable maps.
TEST(DecodeImage, EqualsPillowOnImagesOfEveryKind) {
  const std::filesystem::path folder = PENALMT_SOURCE "/tests/golden/images";
  const NamedTensors answers = load_safetensors(folder / "answers.safetensors");
  EXPECT_GE(answers.tensors.size(), 60U);
  // Pillow cuts the lower half of 16 bits off where we round.
  const std::set<std::string> rounded = {"rgb16.png", "rgba16.png"};
  testing::internal::CaptureStderr();
  for (const auto& [name, expected] : answers.tensors) {
    const cv::Mat bgr = decode_image(folder / name);
    const at::Tensor image =
        at::from_blob(bgr.data, {bgr.rows, bgr.cols, 3}, at::kByte).flip(2).to(at::kInt);
    ASSERT_EQ(image.sizes(), expected.sizes()) << name;
    EXPECT_LE((image - expected.to(at::kInt)).abs().max().item<int>(), rounded.contains(name))
        << name;
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DecodeImage, RefusesDamagedImagesInOneLine) {
  const std::filesystem::path damaged = PENALMT_SOURCE "/tests/golden/images/damaged";
  const auto words = [&](const std::string& name) {
    return thrown_message<Error>([&] { decode_image(damaged / name); })
        .substr(damaged.string().size() + 1);
  };
  testing::internal::CaptureStderr();
  EXPECT_EQ(words("img-13.pbm"), "img-13.pbm: cut off; got 6 bytes, expected 15");
  EXPECT_EQ(words("img-1.webp"), "img-1.webp: damaged; a WebP's data cannot be decoded");
  EXPECT_EQ(words("bmp-dib-zero.bmp"),
            "bmp-dib-zero.bmp: a BMP with a header of 0 bytes; expected 12, 40, 52, 56, 64, 108 or "
            "124");
  const TemporaryFolder folder;
  const auto bmp = [&](const std::string& name, std::size_t at, char byte) {
    std::string bytes = read_file(damaged / ("../" + name));
    bytes[at] = byte;
    return refusal(folder, "a.bmp", bytes);
  };
  EXPECT_EQ(bmp("bmp8.bmp", 32 + 14, 3), "a.bmp: damaged; a pixel has colour 4 of 3");
  EXPECT_EQ(bmp("bmp24.bmp", 30, 4),
            "a.bmp: a BMP of 24 bits a pixel with compression 4, which is not read");
  const std::string runs = read_file(damaged / "../bmp8-runs.bmp");
  EXPECT_EQ(refusal(folder, "b.bmp", runs.substr(0, runs.size() - 20)),
            "b.bmp: damaged; a BMP's data ends before row 8 of 8");
  EXPECT_EQ(refusal(folder, "a.pgm", "P5 1 1 0\n1"),
            "a.pgm: damaged; a PNM's largest value is 0; expected 1 to 65,535");
  EXPECT_EQ(refusal(folder, "b.pgm", "P2 2 1 9\n1 12"),
            "b.pgm: damaged; the value at byte 11 is no number up to 9");
  EXPECT_EQ(refusal(folder, "c.pgm", "P2 2 1 9\n1    "), "c.pgm: damaged; got 1 of 2 values");
  EXPECT_EQ(refusal(folder, "d.pbm", "P1 2 1\n1x"),
            "d.pbm: damaged; the value at byte 8 is no number up to 1");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Exits with 7 where the machine is said to be at fault.
[[noreturn]] void decode_in_little_memory(const TemporaryFolder& folder, const std::string& name) {
  std::ifstream pages("/proc/self/statm");
  rlim_t used = 0;
  pages >> used;
  const rlimit limit{used * 4096 + (rlim_t{100} << 20), RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &limit);
  try {
    decode_image(folder / name);
  } catch (const MachineError& error) {
    std::fprintf(stderr, "%s\n", folder.without_path(error.what()).c_str());
    std::_Exit(7);
  }
  std::_Exit(0);
}

// 14,000 x 14,000 pixels of one bit, deflated to 24 KB, where there is no room for them.
TEST(DecodeImage, TooLittleMemoryIsNoBrokenImage) {
  const TemporaryFolder folder;
  write_file(folder / "a.png", black_png(14000));
  EXPECT_EXIT(decode_in_little_memory(folder, "a.png"), testing::ExitedWithCode(7),
              "^a.png: no memory for its 14,000 x 14,000 pixels\n");
}

TEST(DecodeImage, ObeysAllEightOrientations) {
  const TemporaryFolder folder;
  // Upright: 1 2 3 / 4 5 6. How each orientation stores it (EXIF 2.32, 4.6.4).
  const std::vector<std::vector<std::vector<int>>> stored = {
      {{1, 2, 3}, {4, 5, 6}},   {{3, 2, 1}, {6, 5, 4}},   {{6, 5, 4}, {3, 2, 1}},
      {{4, 5, 6}, {1, 2, 3}},   {{1, 4}, {2, 5}, {3, 6}}, {{3, 6}, {2, 5}, {1, 4}},
      {{6, 3}, {5, 2}, {4, 1}}, {{4, 1}, {5, 2}, {6, 3}}};
  for (std::size_t i = 0; i < stored.size(); ++i) {
    cv::Mat image(static_cast<int>(stored[i].size()), static_cast<int>(stored[i][0].size()),
                  CV_8UC1);
    for (int y = 0; y < image.rows; ++y)
      for (int x = 0; x < image.cols; ++x)
        image.at<uint8_t>(y, x) = static_cast<uint8_t>(stored[i][y][x]);
    std::vector<uint8_t> bytes;
    cv::imencode(".webp", image, bytes, {cv::IMWRITE_WEBP_QUALITY, 101});  // above 100: lossless
    // The same as an extended WebP with an EXIF chunk, big endian.
    const std::string plain(bytes.begin(), bytes.end());
    std::string exif("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0", 26);
    exif[19] = static_cast<char>(i + 1);
    std::string chunks = "VP8X" + std::string("\x0a\0\0\0\x08\0\0\0", 8);
    chunks += static_cast<char>(image.cols - 1) + std::string("\0\0", 2);
    chunks += static_cast<char>(image.rows - 1) + std::string("\0\0", 2);
    chunks += plain.substr(12) + "EXIF" + std::string("\x1a\0\0\0", 4) + exif;
    const auto size = static_cast<uint32_t>(4 + chunks.size());
    write_file(folder / "a.webp",
               "RIFF" + std::string(reinterpret_cast<const char*>(&size), 4) + "WEBP" + chunks);
    const cv::Mat upright = decode_image(folder / "a.webp");
    ASSERT_EQ(upright.size(), cv::Size(3, 2)) << "orientation " << i + 1;
    for (int p = 0; p < 6; ++p)
      EXPECT_EQ(rgb_at(upright, p / 3, p % 3)[0], p + 1) << "orientation " << i + 1;
  }
}

TEST(DecodeImage, RefusesABombBeforeItIsDecoded) {
  EXPECT_EQ(
      thrown_message<Error>([] { decode_image(kGolden / "bomb.png"); }),
      (kGolden / "bomb.png").string() + ": 100,000 x 100,000 pixels; expected at most 200,000,000");
}

TEST(DecodeImage, TakesPortablePixmaps) {
  const TemporaryFolder folder;
  write_file(folder / "a.ppm", "P6\n# two pixels\n2 1\n255\nABCdef");
  const cv::Mat image = decode_image(folder / "a.ppm");
  ASSERT_EQ(image.size(), cv::Size(2, 1));
  EXPECT_EQ(rgb_at(image, 0, 1)[0], 'd');
  EXPECT_EQ(rgb_at(image, 0, 1)[2], 'f');
  EXPECT_EQ(refusal(folder, "b.ppm", "P6 100000 100000 255\n"),
            "b.ppm: 100,000 x 100,000 pixels; expected at most 200,000,000");
  EXPECT_EQ(refusal(folder, "c.ppm", "P6\n2 1\n255\nABC"),
            "c.ppm: cut off; got 14 bytes, expected 17");
  EXPECT_EQ(refusal(folder, "d.pgm", std::string("P5 2 2 65535\nABCDEFG")),
            "d.pgm: cut off; got 20 bytes, expected 21");
  EXPECT_EQ(refusal(folder, "e.pbm", "P4 9 2\nABC"), "e.pbm: cut off; got 10 bytes, expected 11");
  EXPECT_EQ(refusal(folder, "f.ppm", ""),
            "f.ppm: an empty file; expected a JPEG, PNG, WebP, BMP or PPM");
  EXPECT_EQ(refusal(folder, "g.jpg", "GIF89a...."),
            "g.jpg: a GIF; expected a JPEG, PNG, WebP, BMP or PPM");
}

TEST(DecodeImage, RefusesWhatIsNoStillImage) {
  EXPECT_EQ(thrown_message<Error>([] { decode_image(kGolden / "animated.webp"); }),
            (kGolden / "animated.webp").string() + ": an animation; expected a still image");
  const TemporaryFolder folder;
  EXPECT_EQ(refusal(folder, "a.gif", "GIF89a\1\0\1\0"),
            "a.gif: a GIF; expected a JPEG, PNG, WebP, BMP or PPM");
  EXPECT_EQ(refusal(folder, "a.webp", "RIFF\x04\0\0\0WEBP"),
            "a.webp: not an image that can be decoded");
  EXPECT_EQ(refusal(folder, "a.bmp", "BM"), "a.bmp: not an image that can be decoded");
  std::vector<uint8_t> encoded;
  cv::imencode(".bmp", cv::Mat(3, 5, CV_8UC3, cv::Scalar(1, 2, 3)), encoded);
  const std::string bmp(encoded.begin(), encoded.end());
  write_file(folder / "whole.bmp", bmp);
  EXPECT_EQ(decode_image(folder / "whole.bmp").size(), cv::Size(5, 3));
  EXPECT_EQ(refusal(folder, "cut.bmp", bmp.substr(0, 101)),
            "cut.bmp: cut off; got 101 bytes, expected 102");
  const std::string webp = read_file(kGolden / "alpha.webp");
  EXPECT_EQ(refusal(folder, "cut.webp", webp.substr(0, 50)),
            "cut.webp: cut off; got 50 bytes, expected 58");
  EXPECT_EQ(thrown_message<Error>([&] { decode_image(folder.path()); }),
            folder.path().string() + ": cannot read: Is a directory");
}

// The decoders themselves go on, and fill up with grey or with colours that never were.
TEST(DecodeImage, RefusesAJpegThatIsDamagedInside) {
  const TemporaryFolder folder;
  cv::Mat noisy(64, 64, CV_8UC3);
  cv::randu(noisy, 0, 256);
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", noisy, bytes);
  const std::string whole(bytes.begin(), bytes.end());
  const std::size_t middle = whole.size() / 2;
  const std::string cut_out = whole.substr(0, middle) + whole.substr(middle + 500);
  EXPECT_EQ(refusal(folder, "a.jpg", cut_out),
            "a.jpg: damaged; Corrupt JPEG data: premature end of data segment");
  write_file(folder / "b.jpg", whole.substr(0, whole.size() - 2) + "    " +
                                   whole.substr(whole.size() - 2));  // harmless
  EXPECT_EQ(decode_image(folder / "b.jpg").size(), cv::Size(64, 64));
}

// Whatever the bytes are: a header or none, never a read beyond the end (the sanitizer's build sees
// it).
TEST(ImageHeader, TakesEveryBeginningAndEveryDamage) {
  int64_t found = 0;
  for (const char* name :
       {"turned.png", "turned.jpg", "turned.webp", "alpha.webp", "animated.webp"}) {
    const std::string bytes = read_file(kGolden / name);
    for (std::size_t length = 0; length <= bytes.size(); ++length)
      found += read_image_header(bytes.substr(0, length)).has_value();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] ^= '\xff';
      found += read_image_header(damaged).has_value();
    }
  }
  EXPECT_GT(found, 500);
}

}  // namespace penalmt::image_decoding_test
