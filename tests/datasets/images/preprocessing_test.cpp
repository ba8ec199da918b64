// Against Pillow's resize and torchvision's arithmetic (tests/golden/vision.py).
#include "datasets/images/preprocessing.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "tensors/safetensors.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::preprocessing_test {

const std::filesystem::path kGolden = PENALMT_SOURCE "/tests/golden/vision";

Preprocessing read_preprocessing(const nlohmann::json& json) {
  Preprocessing preprocessing;
  config::Problems problems("golden");
  config::read(preprocessing, json, problems);
  preprocessing.check(problems, "");
  problems.throw_if_any();
  return preprocessing;
}

TEST(Preprocessing, EqualsPillowToTheLastBit) {
  const NamedTensors answers = load_safetensors(kGolden / "answers.safetensors");
  const auto kinds = nlohmann::json::parse(answers.metadata.at("preprocessing"));
  int compared = 0;
  for (const auto& [name, expected] : answers.tensors) {
    if (!name.starts_with("pixels.")) continue;
    const std::string kind = name.substr(7, name.rfind('.') - 7),
                      image = name.substr(name.rfind('.') + 1) + ".png";
    const Preprocessing preprocessing = read_preprocessing(kinds[kind]);
    const at::Tensor pixels = load_pixels(kGolden / image, preprocessing);
    EXPECT_TRUE(at::equal(pixels, expected))
        << name << ": differs by "
        << (pixels.to(at::kInt) - expected.to(at::kInt)).abs().max().item<int>();
    const at::Tensor* normal = find(answers, "normalised." + kind + name.substr(name.rfind('.')));
    EXPECT_LE((load_normalised(kGolden / image, preprocessing) - *normal).abs().max().item<float>(),
              1e-5)
        << name;
    ++compared;
  }
  EXPECT_EQ(compared, 13);
}

// The crop of a very long strip is all that is computed.
TEST(Preprocessing, TakesTheMiddleOfALongStrip) {
  const TemporaryFolder folder;
  cv::Mat strip(1, 60000, CV_8UC1, cv::Scalar(10));
  strip.colRange(29990, 30010) = 200;
  cv::imwrite(folder / "strip.png", strip);
  Preprocessing preprocessing;
  preprocessing.resize = preprocessing.crop = 64;
  const at::Tensor pixels = load_pixels(folder / "strip.png", preprocessing);
  EXPECT_EQ(pixels.sizes(), (std::vector<int64_t>{3, 64, 64}));
  EXPECT_EQ(pixels.min().item<uint8_t>(), 200);
}

TEST(Preprocessing, SaysWhatAnEncoderSeesOfAnImage) {
  const auto expect_part = [](const Preprocessing& preprocessing, int64_t width, int64_t height,
                              double left, double top, double wide, double high) {
    const ImagePart part = seen_part(preprocessing, width, height);
    EXPECT_DOUBLE_EQ(part.left, left);
    EXPECT_DOUBLE_EQ(part.top, top);
    EXPECT_DOUBLE_EQ(part.width, wide);
    EXPECT_DOUBLE_EQ(part.height, high);
  };
  Preprocessing middle;  // 640 x 480 → 341 x 256, of which 224 x 224
  expect_part(middle, 640, 480, 58 / 341.0, 16 / 256.0, 224 / 341.0, 224 / 256.0);
  expect_part(middle, 480, 640, 16 / 256.0, 58 / 341.0, 224 / 256.0, 224 / 341.0);
  middle.resize = 224;
  expect_part(middle, 100, 100, 0, 0, 1, 1);
  Preprocessing squash;
  squash.resize_mode = "squash";
  squash.resize = 224;
  expect_part(squash, 640, 480, 0, 0, 1, 1);
}

TEST(Preprocessing, ReportsWhatDoesNotFitTogether) {
  EXPECT_EQ(thrown_message<Error>([] {
              read_preprocessing(
                  {{"resize", 8}, {"crop", 9}, {"mean", {1, 2}}, {"interpolation", "nearest"}});
            }),
            "golden: interpolation: got \"nearest\", expected one of bilinear, bicubic\n"
            "golden: crop: got 9, expected at most resize, 8\n"
            "golden: mean: got 2 numbers, expected 3");
}

}  // namespace penalmt::preprocessing_test
