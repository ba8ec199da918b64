// A MarianMT folder of Hugging Face Transformers becomes a model folder of ours.
#pragma once

#include <filesystem>

namespace penalmt::marian {

// `folder` holds config.json, model.safetensors, source.spm, target.spm and vocab.json; `target`
// gets model.json, model.safetensors, source.model and target.model, whole or not at all. Throws
// Error where something is missing, damaged, does not belong together, or is of a kind that our
// models do not have; as AtomicFolder.
void import_folder(const std::filesystem::path& folder, const std::filesystem::path& target);

}  // namespace penalmt::marian
