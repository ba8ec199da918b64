#include "translation/model_location.h"

#include "base/error.h"

namespace penalmt {
namespace fs = std::filesystem;
namespace {

bool holds_model(const fs::path& folder) {
  return fs::exists(folder / "model.safetensors") || fs::exists(folder / "model.json");
}

}  // namespace

fs::path model_folder(const fs::path& path) {
  if (!fs::exists(path)) throw Error(path.string() + ": no such folder; expected a run folder or a checkpoint folder");
  if (!fs::is_directory(path))
    throw Error(path.string() + ": not a folder; expected a run folder or a checkpoint folder");
  for (const fs::path& folder : {path, path / "averaged", path / "best"})
    if (holds_model(folder)) return folder;
  throw Error(path.string() + ": no model here; expected averaged/, best/, or model.safetensors and model.json");
}

ModelLocation locate_model(const fs::path& path) {
  const fs::path folder = model_folder(path);
  fs::path above = fs::absolute(folder).lexically_normal();
  if (above.filename().empty()) above = above.parent_path();
  for (int level = 0; level <= 2; ++level, above = above.parent_path()) {
    if (fs::exists(above / "tokenizer.model")) return {folder, above / "tokenizer.model", above / "tokenizer.model"};
    if (fs::exists(above / "source.model") && fs::exists(above / "target.model"))
      return {folder, above / "source.model", above / "target.model"};
  }
  throw Error(
      folder.string() +
      ": no tokenizer here or in the two folders above; expected tokenizer.model, or source.model and target.model");
}

}  // namespace penalmt
