#include "serving/given_images.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "datasets/images/decoded_images.h"
#include "datasets/images/image_header.h"
#include "tensors/devices.h"
#include "translation/feature_encoder.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

constexpr const char* kTheImage = "the image";

}  // namespace

ImageReader::ImageReader(const Translator& translator, const std::filesystem::path& encoder,
                         const std::string& expected) {
  const ModelOptions& model = translator.description().model;
  if (model.takes_features()) {
    encoder_ = open_encoder_of(translator, encoder, expected);
  } else {
    expect_no_encoder(translator, encoder);
    size_ = model.image_encoder.size;
  }
}

GivenImage ImageReader::read(std::string_view bytes, int64_t most_pixels) const {
  const std::optional<ImageHeader> header = read_image_header(bytes);
  if (header && header->width > most_pixels / header->height)
    throw Error(fmt::format("{}: {} x {} pixels; expected at most {}", kTheImage,
                            with_commas(header->width), with_commas(header->height),
                            with_commas(most_pixels)));
  if (!encoder_) return {load_image(bytes, kTheImage, size_)};
  const SingleThreadedScope here;
  const at::Tensor pixels = load_pixels(bytes, kTheImage, encoder_->preprocessing());
  return {encoder_->encode(pixels.unsqueeze(0))[0],
          seen_part(encoder_->preprocessing(), header->upright_width(), header->upright_height())};
}

GivenImages::GivenImages(const std::vector<std::shared_ptr<const GivenImage>>& lines) {
  std::map<const GivenImage*, int64_t> found;
  for (const auto& image : lines) {
    if (image == nullptr) {
      index_.push_back(-1);
      continue;
    }
    const auto [entry, is_new] =
        found.try_emplace(image.get(), static_cast<int64_t>(images_.size()));
    if (is_new) images_.push_back(image);
    index_.push_back(entry->second);
  }
}

at::Tensor GivenImages::rows(const std::vector<int64_t>& which) const {
  std::vector<at::Tensor> rows;
  for (const int64_t row : which) rows.push_back(images_[row]->row);
  return at::stack(rows);
}

}  // namespace penalmt
