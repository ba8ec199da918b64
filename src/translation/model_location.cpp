#include "translation/model_location.h"

#include "base/config.h"
#include "base/error.h"

namespace penalmt {
namespace fs = std::filesystem;
namespace {

bool holds_model(const fs::path& folder) {
  return fs::exists(folder / "model.safetensors") || fs::exists(folder / "model.json");
}

}  // namespace

fs::path model_folder(const fs::path& path) {
  if (!fs::exists(path))
    throw Error(path.string() + ": no such folder; expected a run folder or a checkpoint folder");
  if (!fs::is_directory(path))
    throw Error(path.string() + ": not a folder; expected a run folder or a checkpoint folder");
  for (const fs::path& folder : {path, path / "averaged", path / "best"})
    if (holds_model(folder)) return folder;
  throw Error(path.string() +
              ": no model here; expected averaged/, best/, or model.safetensors and model.json");
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
  if (!run && fs::exists(folder / "model.json") &&
      config::parse_file(folder / "model.json").contains("classes"))
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
