#include "training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/sha256.h"
#include "base/text.h"
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

constexpr const char *kWeights = "model.safetensors", *kOptimiser = "optimiser.safetensors",
                     *kState = "state.json", *kSums = "SHA256SUMS";
constexpr const char* kSummed[] = {kWeights, kOptimiser, kState};

std::string sum_of(const std::filesystem::path& file) {
  const MappedFile map(file);
  return sha256({reinterpret_cast<const char*>(map.data()), map.size()});
}

// How a file of a checkpoint differs from what was written, in words; "" where it does not, or
// nobody noted what was.
std::string damage_of(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path sums = folder / kSums, file = folder / name;
  if (!std::filesystem::exists(sums)) return "";
  const std::string text = read_file(sums), line_end = "  " + name;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.ends_with(line_end)) continue;
    const std::string got = sum_of(file);
    const std::string_view expected = line.substr(0, line.size() - line_end.size());
    if (got == expected) return "";
    return fmt::format("{}: damaged: got the SHA-256 {:.12}..., {} has {:.12}...", file.string(),
                       got, kSums, expected);
  }
  return fmt::format("{}: damaged: holds no line of {}", sums.string(), name);
}

std::string damage_of(const std::filesystem::path& folder) {
  for (const char* name : kSummed)
    if (std::string damage = damage_of(folder, name); !damage.empty()) return damage;
  return "";
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
  save_safetensors(folder_.path() / kOptimiser, {adam.state(), {}});
  write_file(folder_.path() / kState, config::write(state).dump(2) + "\n");
  std::string sums;
  for (const char* name : kSummed)
    sums += fmt::format("{}  {}\n", sum_of(folder_.path() / name), name);
  write_file(folder_.path() / kSums, sums);
}

void NewCheckpoint::publish() {
  folder_.commit();
  tidy_checkpoints(run_, state_);
}

void tidy_checkpoints(const std::filesystem::path& run, const TrainingState& state) {
  const std::filesystem::path newest = checkpoint_folder(run, state.update);
  const auto among = [](const std::vector<std::string>& names,
                        const std::filesystem::path& folder) {
    return std::ranges::find(names, folder.filename().string()) != names.end();
  };
  for (const std::filesystem::path& folder : checkpoint_folders(run)) {
    if (folder == newest || among(state.whole, folder)) continue;
    remove_whole(folder / kState);  // first: without it nobody continues from here
    remove_whole(among(state.kept, folder) ? folder / kOptimiser : folder);
  }
}

std::vector<std::filesystem::path> complete_checkpoints(const std::filesystem::path& run) {
  std::vector<std::filesystem::path> folders = checkpoint_folders(run);
  std::erase_if(folders, [](const std::filesystem::path& folder) {
    return !std::filesystem::exists(folder / kState);
  });
  std::ranges::reverse(folders);
  return folders;
}

std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& run) {
  const std::vector<std::filesystem::path> folders = complete_checkpoints(run);
  if (folders.empty()) return std::nullopt;
  return folders.front();
}

TrainingState read_state(const std::filesystem::path& folder) {
  config::Problems problems((folder / kState).string());
  return config::load<TrainingState>(folder / kState, {}, problems);
}

void expect_undamaged(const std::filesystem::path& run, const std::filesystem::path& folder) {
  const std::string damage = damage_of(folder);
  if (damage.empty()) return;
  for (const std::filesystem::path& other : complete_checkpoints(run))
    if (other < folder && damage_of(other).empty())
      throw Error(fmt::format("{}; remove {} to go on from {}, which is whole", damage,
                              folder.string(), other.string()));
  throw Error(fmt::format(
      "{}; no earlier checkpoint can be continued from: put the file back from a copy, or begin a "
      "new run with training.initial_weights={}",
      damage, (run / "best").string()));
}

void expect_undamaged_weights(const std::filesystem::path& folder) {
  const std::string damage = damage_of(folder, kWeights);
  if (!damage.empty())
    throw Error(damage + "; it is averaged with the newer ones: put it back from a copy");
}

TrainingState load_checkpoint(const std::filesystem::path& folder, torch::nn::Module& module,
                              Adam& adam) {
  load_weights(folder / kWeights, module);
  const std::filesystem::path file = folder / kOptimiser;
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
  return read_state(folder);
}

}  // namespace penalmt
