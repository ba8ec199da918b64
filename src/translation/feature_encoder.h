// The exported encoder that makes features of images for a model that takes some.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <string>

#include "datasets/features/exported_encoder.h"
#include "models/options.h"

namespace penalmt {

class Translator;

// Throws as ExportedEncoder::open, and Error where it does not give the features that `features`
// says (0 and empty: any).
ExportedEncoder open_encoder(const std::filesystem::path& folder, const FeatureOptions& features,
                             c10::Device device);

// Of a model that takes features: the encoder of that folder, else the one that the model carries.
// Throws Error where there is neither, `expected` saying what would do; as open_encoder.
ExportedEncoder open_encoder_of(const Translator& translator, const std::filesystem::path& encoder,
                                const std::string& expected);
// Of a model with an image encoder of its own: throws Error where another one is named.
void expect_no_encoder(const Translator& translator, const std::filesystem::path& encoder);

}  // namespace penalmt
