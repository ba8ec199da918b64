// Images that come as bytes, not by name: each is read once, in the form in which a model takes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "datasets/features/exported_encoder.h"
#include "datasets/image_set.h"
#include "datasets/images/preprocessing.h"

namespace penalmt {

class Translator;

struct GivenImage {
  at::Tensor row;       // uint8 [3, H, W], or an encoder's vectors float [R, F]
  ImagePart seen = {};  // of the image, upright
};

// For many threads at once.
class ImageReader {
 public:
  // Throws as open_encoder_of and expect_no_encoder (feature_encoder.h): `encoder` and `expected`
  // are theirs.
  ImageReader(const Translator& translator, const std::filesystem::path& encoder,
              const std::string& expected);
  // Throws Error "the image: 9,000 x 9,000 pixels; expected at most 50,000,000" before it decodes
  // anything; as decode_image and ExportedEncoder::encode.
  GivenImage read(std::string_view bytes, int64_t most_pixels) const;

 private:
  std::optional<ExportedEncoder> encoder_;
  int64_t size_ = 0;  // the side of the square that the model's own encoder takes
};

// Lines with such images, null for none.
class GivenImages : public ImageSet {
 public:
  explicit GivenImages(const std::vector<std::shared_ptr<const GivenImage>>& lines);
  at::Tensor rows(const std::vector<int64_t>& which) const override;

 private:
  std::vector<std::shared_ptr<const GivenImage>> images_;  // each once
};

}  // namespace penalmt
