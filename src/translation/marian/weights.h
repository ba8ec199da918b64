// model.safetensors of a MarianMT folder, as weights of ours.
#pragma once

#include <filesystem>

#include "translation/marian/config.h"
#include "translation/marian/vocabulary.h"

namespace penalmt::marian {

// The model with the folder's weights, float32 on the CPU, in evaluation mode. Throws Error where
// there is no file of that format, a tensor is missing, of another shape than config.json says or
// unknown, and where tensors that are to be one differ; as load_safetensors.
TranslationModel read_weights(const std::filesystem::path& folder, const Config& config,
                              const Vocabulary& source, const Vocabulary& target);

}  // namespace penalmt::marian
