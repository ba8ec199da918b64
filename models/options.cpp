#include "models/options.h"

#include <fmt/format.h>

namespace penalmt {

ModelOptions ModelOptions::resolved(config::Problems& problems) const {
  ModelOptions full = *this;
  const bool tiny = size == "tiny";
  const auto fill = [](int64_t& field, int64_t number) {
    if (field == 0) field = number;
  };
  fill(full.width, tiny ? 128 : 512);
  fill(full.feed_forward, tiny ? 256 : size == "small" ? 1024 : 2048);
  fill(full.heads, size == "base" ? 8 : 4);
  fill(full.encoder_layers, tiny ? 4 : 6);
  fill(full.decoder_layers, tiny ? 4 : 6);
  if (full.width % full.heads != 0)
    problems.add("model.heads", fmt::format("got {}, expected a divisor of width {}", full.heads, full.width));
  if (full.positions == "sinusoidal" && full.width % 2 != 0)
    problems.add("model.width", fmt::format("got {}, expected an even number for sinusoidal positions", full.width));
  if (full.uses_images()) {
    const ImageEncoderOptions& image = full.image_encoder;
    if (image.size % image.patch != 0)
      problems.add("model.image_encoder.patch", fmt::format("got {}, expected a divisor of size {}", image.patch, image.size));
    if (image.stem == "convolutions" && (image.patch < 2 || (image.patch & (image.patch - 1)) != 0 || image.width % image.patch != 0))
      problems.add("model.image_encoder.patch",
                   fmt::format("got {}, expected a power of 2 that divides width {} (stem convolutions)", image.patch, image.width));
    if (image.width % image.heads != 0)
      problems.add("model.image_encoder.heads", fmt::format("got {}, expected a divisor of width {}", image.heads, image.width));
  }
  return full;
}

}  // namespace penalmt
