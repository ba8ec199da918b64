// Where on the disk a model and its tokenizers are.
#pragma once

#include <filesystem>

namespace penalmt {

struct ModelLocation {
  std::filesystem::path folder;                              // holds model.safetensors and model.json
  std::filesystem::path source_tokenizer, target_tokenizer;  // the same file where the vocabulary is joint
};

// `path` is a run folder (its averaged/ if there, else its best/) or a checkpoint folder. The tokenizers
// (tokenizer.model, or source.model and target.model) lie in the checkpoint folder, or one or two folders above it.
// Throws Error where something is missing.
ModelLocation locate_model(const std::filesystem::path& path);

}  // namespace penalmt
