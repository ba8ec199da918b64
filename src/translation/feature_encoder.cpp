#include "translation/feature_encoder.h"

#include <fmt/format.h>

#include "base/error.h"
#include "translation/translator.h"

namespace penalmt {

namespace fs = std::filesystem;

ExportedEncoder open_encoder(const fs::path& folder, const FeatureOptions& features,
                             c10::Device device) {
  ExportedEncoder encoder = ExportedEncoder::open(folder, device);
  if (!features.encoder.empty() && encoder.name() != features.encoder)
    throw Error(fmt::format("{}: got the encoder '{}', expected '{}'", folder.string(),
                            encoder.name(), features.encoder));
  const auto fits = [](int64_t expected, int64_t got) { return expected == 0 || expected == got; };
  if (!fits(features.regions, encoder.regions()) || !fits(features.width, encoder.width()))
    throw Error(fmt::format("{}: gives features of {} x {} (regions x width), expected {} x {}",
                            folder.string(), encoder.regions(), encoder.width(), features.regions,
                            features.width));
  return encoder;
}

ExportedEncoder open_encoder_of(const Translator& translator, const fs::path& encoder,
                                const std::string& expected) {
  const FeatureOptions& features = translator.description().model.features;
  const fs::path folder = encoder.empty() ? translator.carried_encoder() : encoder;
  if (folder.empty())
    throw Error(fmt::format(
        "{}: the model takes {}, and carries no encoder; expected {}", translator.place(),
        features.encoder.empty() ? "features" : "the features of '" + features.encoder + "'",
        expected));
  return open_encoder(folder, features, translator.device());
}

void expect_no_encoder(const Translator& translator, const fs::path& encoder) {
  if (!encoder.empty())
    throw Error(fmt::format("{}: the model has an image encoder of its own; got the encoder {}",
                            translator.place(), encoder.string()));
}

}  // namespace penalmt
