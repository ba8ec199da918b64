#include "translation/model_location.h"

#include <algorithm>

#include "base/config.h"
#include "base/error.h"

namespace penalmt {
namespace fs = std::filesystem;
namespace {

bool holds_model(const fs::path& folder) {
  return fs::exists(folder / "model.safetensors") || fs::exists(folder / "model.json");
}

// The last checkpoint of a run that has come to no validation; "" where there is none.
fs::path last_checkpoint(const fs::path& run) {
  fs::path last;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints", none))
    if (entry.path().filename().string()[0] != '.' && holds_model(entry.path()))
      last = std::max(last, entry.path());
  return last;
}

}  // namespace

fs::path model_folder(const fs::path& path) {
  if (!fs::exists(path))
    throw Error(path.string() + ": no such folder; expected a run folder or a checkpoint folder");
  if (!fs::is_directory(path))
    throw Error(path.string() + ": not a folder; expected a run folder or a checkpoint folder");
  for (const fs::path& folder : {path, path / "averaged", path / "best"})
    if (holds_model(folder)) return folder;
  const fs::path checkpoint = last_checkpoint(path);
  if (!checkpoint.empty())
    throw Error(
        path.string() +
        ": no validation is done yet, so there is neither averaged/ nor best/; a checkpoint "
        "is there: " +
        checkpoint.string());
  throw Error(path.string() +
              ": no model here; expected averaged/, best/, or model.safetensors and model.json");
}

bool translates(const fs::path& folder) {
  const fs::path file = folder / "model.json";
  return !fs::exists(file) || !config::parse_file(file).contains("classes");
}

std::optional<fs::path> find_tokenizers(const fs::path& folder) {
  fs::path above = fs::absolute(folder).lexically_normal();
  if (above.filename().empty()) above = above.parent_path();
  for (int level = 0; level <= 2; ++level, above = above.parent_path())
    if (fs::exists(above / "tokenizer.model") ||
        (fs::exists(above / "source.model") && fs::exists(above / "target.model")))
      return above;
  return std::nullopt;
}

ModelLocation locate_model(const fs::path& path) {
  const fs::path folder = model_folder(path);
  const std::optional<fs::path> run = find_tokenizers(folder);
  if (!run && !translates(folder))
    throw Error(folder.string() +
                ": a classifier (penalmt classify), which does not translate; expected a "
                "translation model");
  if (!run)
    throw Error(folder.string() +
                ": no tokenizer here or in the two folders above; expected tokenizer.model, or "
                "source.model and target.model");
  const bool joint = fs::exists(*run / "tokenizer.model");
  return {folder, *run / (joint ? "tokenizer.model" : "source.model"),
          *run / (joint ? "tokenizer.model" : "target.model"),
          fs::is_directory(*run / "image_encoder") ? *run / "image_encoder" : ""};
}

}  // namespace penalmt
