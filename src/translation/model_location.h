// Where on the disk a model and its tokenizers are.
#pragma once

#include <filesystem>

namespace penalmt {

// `path` is a run folder (its averaged/ if there, else its best/) or a checkpoint folder. Throws Error where no model is there.
std::filesystem::path model_folder(const std::filesystem::path& path);

struct ModelLocation {
  std::filesystem::path folder;                              // holds model.safetensors and model.json
  std::filesystem::path source_tokenizer, target_tokenizer;  // the same file where the vocabulary is joint
};

// The model of model_folder(path). The tokenizers
// (tokenizer.model, or source.model and target.model) lie in the checkpoint folder, or one or two folders above it.
// Throws Error where something is missing.
ModelLocation locate_model(const std::filesystem::path& path);

}  // namespace penalmt
