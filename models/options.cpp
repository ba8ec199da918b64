#include "models/options.h"

#include <fmt/format.h>

#include <algorithm>

namespace penalmt {

const std::vector<FusionKind>& fusion_kinds() {
  static const std::vector<FusionKind> kinds = {
      {.name = "none", .decoder_looks = false, .joins_memory = false},
      {.name = "gated", .decoder_looks = false, .joins_memory = false},
      {.name = "concatenated", .decoder_looks = false, .joins_memory = true},
      {.name = "selective", .decoder_looks = false, .joins_memory = false},
      {.name = "doubly_attentive", .decoder_looks = true, .joins_memory = false}};
  return kinds;
}

std::vector<std::string> fusion_names() {
  std::vector<std::string> names;
  for (const FusionKind& kind : fusion_kinds()) names.emplace_back(kind.name);
  return names;
}

const FusionKind& ModelOptions::fusion_kind() const {
  return *std::find_if(fusion_kinds().begin(), fusion_kinds().end(),
                       [&](const FusionKind& kind) { return fusion == kind.name; });
}

void ImageEncoderOptions::check(const std::string& group, config::Problems& problems) const {
  if (kind == "features") {  // a translation model of features has no encoder to check
    problems.add(group + ".kind", "got features, expected vit or resnet");
    return;
  }
  if (kind == "resnet") {
    const int64_t halvings = int64_t{1} << (stages - 1);
    if (size % halvings != 0 || size < 2 * halvings)
      problems.add(group + ".size",
                   fmt::format("got {}, expected a multiple of {} from {} on (stages {})", size,
                               halvings, 2 * halvings, stages));
    if (width % halvings != 0)
      problems.add(group + ".width", fmt::format("got {}, expected a multiple of {} (stages {})",
                                                 width, halvings, stages));
    return;
  }
  if (size % patch != 0)
    problems.add(group + ".patch",
                 fmt::format("got {}, expected a divisor of size {}", patch, size));
  if (stem == "convolutions" && (patch < 2 || (patch & (patch - 1)) != 0 || width % patch != 0))
    problems.add(
        group + ".patch",
        fmt::format("got {}, expected a power of 2 that divides width {} (stem convolutions)",
                    patch, width));
  if (width % heads != 0)
    problems.add(group + ".heads",
                 fmt::format("got {}, expected a divisor of width {}", heads, width));
}

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
    problems.add("model.heads",
                 fmt::format("got {}, expected a divisor of width {}", full.heads, full.width));
  if (full.penalty == "stream" && full.norm != "pre")
    problems.add("model.penalty",
                 fmt::format("got stream with model.norm {}, expected the norm pre", full.norm));
  if (full.positions != "learned" && full.width % 2 != 0)
    problems.add("model.width", fmt::format("got {}, expected an even number for {} positions",
                                            full.width, full.positions));
  if (full.uses_images() && !full.takes_features())
    full.image_encoder.check("model.image_encoder", problems);
  return full;
}

}  // namespace penalmt
