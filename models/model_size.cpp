#include "models/model_size.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "tensors/safetensors_index.h"

namespace penalmt {
namespace {

// The matrices of a stack of layers: attention has four of C x C, feed-forward two of C x F.
double least_numbers(double layers, double attentions, double width, double feed_forward) {
  return layers * (attentions * 4 * width * width + 2 * width * feed_forward);
}

}  // namespace

double least_numbers(const ImageEncoderOptions& options) {
  const auto width = static_cast<double>(options.width);
  if (options.kind == "resnet")  // the last stage's second convolutions, of 3 x 3
    return static_cast<double>(options.blocks) * 9 * width * width;
  const auto side = static_cast<double>(options.size / options.patch);
  const auto patch = static_cast<double>(options.patch);
  return least_numbers(static_cast<double>(options.layers), 1, width,
                       static_cast<double>(options.feed_forward)) +
         side * side * width + (options.stem == "patches" ? 3 * patch * patch * width : 0);
}

double least_numbers(const ModelOptions& options, int64_t source_vocabulary,
                     int64_t target_vocabulary) {
  const auto width = static_cast<double>(options.width);
  const auto feed_forward = static_cast<double>(options.feed_forward);
  const auto source = static_cast<double>(source_vocabulary);
  const auto target = static_cast<double>(target_vocabulary);
  double numbers =
      least_numbers(static_cast<double>(options.encoder_layers), 1, width, feed_forward) +
      least_numbers(static_cast<double>(options.decoder_layers), 2, width, feed_forward);
  numbers += width * (options.embeddings == "shared"   ? target
                      : options.embeddings == "target" ? source + target
                                                       : source + 2 * target);
  if (options.positions == "learned") numbers += 2 * static_cast<double>(options.longest) * width;
  if (!options.uses_images()) return numbers;
  return numbers + (options.takes_features() ? static_cast<double>(options.features.width) * width
                                             : least_numbers(options.image_encoder));
}

void expect_numbers(const std::filesystem::path& folder, double least) {
  const std::filesystem::path weights = folder / "model.safetensors";
  const MappedFile map(weights);
  const SafetensorsIndex index =
      index_safetensors(weights, {reinterpret_cast<const char*>(map.data()), map.size()});
  double held = 0;
  for (const StoredTensor& tensor : index.tensors) {
    double numbers = 1;
    for (const int64_t size : tensor.shape) numbers *= static_cast<double>(size);
    held += numbers;
  }
  if (held < least)
    throw Error(fmt::format(
        "{}: describes a network of at least {:.0f} numbers; model.safetensors beside it holds "
        "{:.0f}; is it another model's?",
        (folder / "model.json").string(), least, held));
}

}  // namespace penalmt
