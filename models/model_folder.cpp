#include "models/model_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "base/files.h"
#include "tensors/safetensors.h"

namespace penalmt {

NamedWeights named_weights(const torch::nn::Module& module) {
  NamedWeights weights;
  for (const auto& item : module.named_parameters()) weights.emplace_back(item.key(), item.value().detach());
  return weights;
}

void write_model(const std::filesystem::path& folder, const NamedWeights& weights, const ModelDescription& description) {
  save_safetensors(folder / "model.safetensors", {weights, {{"format", "pt"}}});
  write_file(folder / "model.json", config::write(description).dump(2) + "\n");
}

ModelDescription read_description(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "model.json";
  config::Problems problems(file.string());
  ModelDescription description;
  config::read(description, config::parse_file(file), problems);
  if (problems.empty()) description.model = description.model.resolved(problems);
  problems.throw_if_any();
  return description;
}

void load_weights(const std::filesystem::path& file, torch::nn::Module& module) {
  const NamedTensors stored = load_safetensors(file);
  torch::NoGradGuard no_grad;
  size_t used = 0;
  for (const auto& item : module.named_parameters()) {
    const at::Tensor* tensor = find(stored, item.key());
    if (!tensor) throw Error(fmt::format("{}: no tensor '{}', which the model needs; is it another model's?", file.string(), item.key()));
    if (tensor->sizes() != item.value().sizes())
      throw Error(fmt::format("{}: tensor '{}': got shape [{}], expected [{}]", file.string(), item.key(),
                              fmt::join(tensor->sizes(), ", "), fmt::join(item.value().sizes(), ", ")));
    at::Tensor(item.value()).copy_(*tensor);
    ++used;
  }
  if (used == stored.tensors.size()) return;
  const auto names = module.named_parameters();
  for (const auto& [name, tensor] : stored.tensors)
    if (!names.contains(name)) throw Error(fmt::format("{}: tensor '{}' is unknown to the model; is it another model's?", file.string(), name));
}

TranslationModel read_model(const std::filesystem::path& folder, const ModelDescription& description) {
  TranslationModel model(description.model, description.source_vocabulary, description.target_vocabulary);
  load_weights(folder / "model.safetensors", *model);
  model->eval();
  return model;
}

void average_models(const std::vector<std::filesystem::path>& folders, const std::filesystem::path& target) {
  NamedWeights sums;
  for (const std::filesystem::path& folder : folders) {
    const NamedTensors stored = load_safetensors(folder / "model.safetensors");
    if (sums.empty()) {
      for (const auto& [name, tensor] : stored.tensors) sums.emplace_back(name, tensor.to(at::kDouble));
      continue;
    }
    for (auto& [name, sum] : sums) {
      const at::Tensor* tensor = find(stored, name);
      TORCH_CHECK(tensor, folder.string(), ": no tensor ", name);
      sum.add_(*tensor);
    }
  }
  for (auto& [name, sum] : sums) sum = sum.div_(static_cast<double>(folders.size())).to(at::kFloat);
  AtomicFolder folder(target);
  write_model(folder.path(), sums, read_description(folders.back()));
  folder.commit();
}

}  // namespace penalmt
