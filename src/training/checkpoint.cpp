#include "training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "tensors/safetensors.h"

namespace penalmt {
namespace {

// Names are the update in eight digits or more, so that they sort as the numbers do.
std::filesystem::path checkpoint_folder(const std::filesystem::path& run, int64_t update) {
  return run / "checkpoints" / fmt::format("{:08}", update);
}

std::vector<std::filesystem::path> checkpoint_folders(const std::filesystem::path& run) {
  std::vector<std::filesystem::path> folders;
  if (!std::filesystem::is_directory(run / "checkpoints")) return folders;
  for (const auto& entry : std::filesystem::directory_iterator(run / "checkpoints")) {
    const std::string name = entry.path().filename().string();
    if (std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); }))
      folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

void tidy(const std::filesystem::path& run, const std::filesystem::path& newest,
          const std::vector<std::string>& kept) {
  for (const std::filesystem::path& folder : checkpoint_folders(run)) {
    if (folder == newest) continue;
    if (std::find(kept.begin(), kept.end(), folder.filename().string()) == kept.end()) {
      std::filesystem::remove_all(folder);
    } else {
      std::filesystem::remove(folder /
                              "state.json");  // first: without it nobody continues from here
      std::filesystem::remove(folder / "optimiser.safetensors");
    }
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& run, const torch::nn::Module& module,
                     const Adam& adam, const TrainingState& state,
                     const nlohmann::ordered_json& description) {
  const std::filesystem::path target = checkpoint_folder(run, state.update);
  std::filesystem::create_directories(target.parent_path());
  AtomicFolder folder(target);
  write_model(folder.path(), named_weights(module), description);
  save_safetensors(folder.path() / "optimiser.safetensors", {adam.state(), {}});
  write_file(folder.path() / "state.json", config::write(state).dump(2) + "\n");
  folder.commit();
  tidy(run, target, state.kept);
}

std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& run) {
  const std::vector<std::filesystem::path> folders = checkpoint_folders(run);
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder)
    if (std::filesystem::exists(*folder / "state.json")) return *folder;
  return std::nullopt;
}

TrainingState load_checkpoint(const std::filesystem::path& folder, torch::nn::Module& module,
                              Adam& adam) {
  load_weights(folder / "model.safetensors", module);
  const std::filesystem::path file = folder / "optimiser.safetensors";
  const NamedTensors stored = load_safetensors(file);
  const at::Tensor *mean = find(stored, "mean"), *square = find(stored, "square"),
                   *steps = find(stored, "steps");
  if (!mean || !square || !steps || mean->numel() != adam.parameters().numel() ||
      square->numel() != mean->numel())
    throw Error(fmt::format(
        "{}: not this model's optimiser state; expected mean and square of {} numbers, and steps",
        file.string(), adam.parameters().numel()));
  adam.load_state(*mean, *square, *steps);
  config::Problems problems((folder / "state.json").string());
  return config::load<TrainingState>(folder / "state.json", {}, problems);
}

}  // namespace penalmt
