// Where on the disk a model and its tokenizers are.
#pragma once

#include <filesystem>
#include <optional>

namespace penalmt {

// `path` is a run folder (its averaged/ if there, else its best/) or a checkpoint folder. Throws
// Error where no model is there, or only checkpoints without a validation.
std::filesystem::path model_folder(const std::filesystem::path& path);

// Whether the model of a model's folder translates; a classifier does not. Throws as
// config::parse_file.
bool translates(const std::filesystem::path& folder);

// The folder that holds the tokenizers of a model's folder: itself, or one or two above it; nullopt
// where none does.
std::optional<std::filesystem::path> find_tokenizers(const std::filesystem::path& folder);

struct ModelLocation {
  std::filesystem::path folder;  // holds model.safetensors and model.json
  std::filesystem::path source_tokenizer,
      target_tokenizer;                 // the same file where the vocabulary is joint
  std::filesystem::path image_encoder;  // the exported encoder beside them, "" where there is none
};

// The model of model_folder(path). Its tokenizers are tokenizer.model, or source.model and
// target.model. Throws Error where something is missing, and for a classifier without tokenizers.
ModelLocation locate_model(const std::filesystem::path& path);

}  // namespace penalmt
