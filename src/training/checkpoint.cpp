#include "training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "tensors/safetensors.h"

namespace penalmt {
namespace {

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

void remove_whole(const std::filesystem::path& path) {
  if (const std::error_code code = remove_tree(path))
    throw_file_error(path, "remove", code.value());
}

}  // namespace

// Names are the update in eight digits or more, so that they sort as the numbers do.
std::filesystem::path checkpoint_folder(const std::filesystem::path& run, int64_t update) {
  return run / "checkpoints" / fmt::format("{:08}", update);
}

NewCheckpoint::NewCheckpoint(const std::filesystem::path& run, const torch::nn::Module& module,
                             const Adam& adam, const TrainingState& state,
                             const nlohmann::ordered_json& description)
    : run_(run), state_(state), folder_(checkpoint_folder(run, state.update)) {
  write_model(folder_.path(), named_weights(module), description);
  save_safetensors(folder_.path() / "optimiser.safetensors", {adam.state(), {}});
  write_file(folder_.path() / "state.json", config::write(state).dump(2) + "\n");
}

void NewCheckpoint::publish() {
  folder_.commit();
  tidy_checkpoints(run_, state_);
}

void tidy_checkpoints(const std::filesystem::path& run, const TrainingState& state) {
  const std::filesystem::path newest = checkpoint_folder(run, state.update);
  for (const std::filesystem::path& folder : checkpoint_folders(run)) {
    if (folder == newest) continue;
    remove_whole(folder / "state.json");  // first: without it nobody continues from here
    if (std::ranges::find(state.kept, folder.filename().string()) == state.kept.end())
      remove_whole(folder);
    else
      remove_whole(folder / "optimiser.safetensors");
  }
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
                   *steps = find(stored, "steps"), *average = find(stored, "average");
  const int64_t count = adam.parameters().numel();
  if (!mean || !square || !steps || mean->numel() != count || square->numel() != count ||
      (adam.keeps_average() && (!average || average->numel() != count)))
    throw Error(fmt::format(
        "{}: not this model's optimiser state; expected mean and square{} of {} numbers, and steps",
        file.string(), adam.keeps_average() ? " and average" : "", count));
  adam.load_state(*mean, *square, *steps, average ? *average : at::Tensor());
  config::Problems problems((folder / "state.json").string());
  return config::load<TrainingState>(folder / "state.json", {}, problems);
}

}  // namespace penalmt
