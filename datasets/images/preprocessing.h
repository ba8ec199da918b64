// From an image file to the pixels that an image encoder was trained on: resize, crop the middle,
// normalise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/config.h"

namespace penalmt {

// Part of an encoder's JSON file. The defaults are those of most ImageNet models.
struct Preprocessing {
  std::string resize_mode = "shorter";
  int64_t resize = 256, crop = 224;
  std::string interpolation = "bilinear";
  std::string channels = "rgb";
  std::vector<double> mean = {123.675, 116.28, 103.53}, deviation = {58.395, 57.12, 57.375};

  template <class Visitor>
  void visit(Visitor& v) {
    v("resize_mode", resize_mode,
      "shorter: the shorter side becomes `resize`; squash: both sides do",
      config::one_of({"shorter", "squash"}));
    v("resize", resize, "a side of the resized image, pixels", config::between(1, 4096));
    v("crop", crop, "side of the square that is cut from the middle, pixels; at most `resize`",
      config::between(1, 4096));
    v("interpolation", interpolation, "how to resize, as Pillow does it",
      config::one_of({"bilinear", "bicubic"}));
    v("channels", channels, "the order that the encoder takes", config::one_of({"rgb", "bgr"}));
    v("mean", mean, "of each channel, subtracted from pixels of 0 to 255",
      config::between(-1e6, 1e6));
    v("deviation", deviation, "of each channel, what the difference is divided by",
      config::between(1e-6, 1e6));
  }

  // What single fields cannot say: three channels, a crop that fits. `prefix` stands before the
  // keys.
  void check(config::Problems& problems, const std::string& prefix) const;
};

// Of an image's width and height: 0 to 1.
struct ImagePart {
  double left = 0, top = 0, width = 1, height = 1;
};

// What an encoder sees of an image of that size (upright, as it decodes).
ImagePart seen_part(const Preprocessing& preprocessing, int64_t width, int64_t height);

// uint8 [3, crop, crop], RGB; equal to the last bit to Pillow 13's resize (resampling.h tells of
// earlier ones) and to torchvision's Resize and CenterCrop with it, on the same decoded image.
// Throws what decode_image (image_decoding.h) throws.
at::Tensor load_pixels(const std::filesystem::path& file, const Preprocessing& preprocessing);

// The same of the bytes of a file that errors call `file`.
at::Tensor load_pixels(std::string_view bytes, const std::filesystem::path& file,
                       const Preprocessing& preprocessing);

// [B, 3, crop, crop] of uint8 RGB → float32, in the encoder's order of channels, normalised; on the
// device of `pixels`.
at::Tensor normalised(const at::Tensor& pixels, const Preprocessing& preprocessing);

// float32 [3, crop, crop]: the two above in one. Throws as load_pixels.
at::Tensor load_normalised(const std::filesystem::path& file, const Preprocessing& preprocessing);

}  // namespace penalmt
