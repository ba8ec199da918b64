#include "models/model_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include <algorithm>

#include "base/config.h"
#include "base/files.h"
#include "base/json.h"
#include "models/model_size.h"
#include "tensors/safetensors.h"

namespace penalmt {

NamedWeights named_weights(const torch::nn::Module& module) {
  NamedWeights weights;
  for (const auto& item : module.named_parameters())
    weights.emplace_back(item.key(), item.value().detach());
  for (const auto& item : module.named_buffers()) weights.emplace_back(item.key(), item.value());
  return weights;
}

void write_model(const std::filesystem::path& folder, const NamedWeights& weights,
                 const nlohmann::ordered_json& description) {
  save_safetensors(folder / "model.safetensors", {weights, {{"format", "pt"}}});
  write_file(folder / "model.json", description.dump(2) + "\n");
}

namespace {

void copy_weight(const std::filesystem::path& file, const std::string& name,
                 const at::Tensor& stored, const at::Tensor& weight) {
  if (stored.sizes() != weight.sizes())
    throw Error(fmt::format("{}: tensor '{}': got shape [{}], expected [{}]", file.string(), name,
                            fmt::join(stored.sizes(), ", "), fmt::join(weight.sizes(), ", ")));
  weight.copy_(stored);
}

}  // namespace

void load_weights(const std::filesystem::path& file, torch::nn::Module& module) {
  const NamedTensors stored = load_safetensors(file);
  const NamedWeights weights = named_weights(module);
  for (const auto& [name, weight] : weights) {
    const at::Tensor* tensor = find(stored, name);
    if (!tensor)
      throw Error(fmt::format("{}: no tensor '{}', which the model needs; is it another model's?",
                              file.string(), name));
    copy_weight(file, name, *tensor, weight);
  }
  if (weights.size() == stored.tensors.size()) return;
  for (const auto& [name, tensor] : stored.tensors)
    if (std::none_of(weights.begin(), weights.end(),
                     [&](const auto& weight) { return weight.first == name; }))
      throw Error(fmt::format("{}: tensor '{}' is unknown to the model; is it another model's?",
                              file.string(), name));
}

std::vector<std::string> load_matching_weights(const std::filesystem::path& file,
                                               torch::nn::Module& module) {
  const NamedTensors stored = load_safetensors(file);
  const NamedWeights weights = named_weights(module);
  std::vector<std::string> others;
  for (const auto& [name, weight] : weights) {
    if (const at::Tensor* tensor = find(stored, name))
      copy_weight(file, name, *tensor, weight);
    else
      others.push_back(name);
  }
  if (others.size() == weights.size())
    throw Error(fmt::format(
        "{}: none of its {} tensors is one of the model's; is it another kind of model's?",
        file.string(), stored.tensors.size()));
  return others;
}

TranslationModel read_model(const std::filesystem::path& folder,
                            const ModelDescription& description) {
  expect_numbers(folder, least_numbers(description.model, description.source_vocabulary,
                                       description.target_vocabulary));
  TranslationModel model(description.model, description.source_vocabulary,
                         description.target_vocabulary);
  load_weights(folder / "model.safetensors", *model);
  model->eval();
  return model;
}

void average_models(const std::vector<std::filesystem::path>& folders,
                    const std::filesystem::path& target) {
  NamedWeights sums;
  for (const std::filesystem::path& folder : folders) {
    const std::filesystem::path file = folder / "model.safetensors";
    const NamedTensors stored = load_safetensors(file);
    if (sums.empty()) {
      for (const auto& [name, tensor] : stored.tensors)
        sums.emplace_back(name, tensor.to(at::kDouble));
      continue;
    }
    for (auto& [name, sum] : sums) {
      const at::Tensor* tensor = find(stored, name);
      if (!tensor || tensor->sizes() != sum.sizes())
        throw Error(
            fmt::format("{}: no tensor '{}' of the size that it has in {}; are they of one run?",
                        file.string(), name, folders.front().string()));
      sum.add_(*tensor);
    }
  }
  for (auto& [name, sum] : sums) sum = sum.div_(static_cast<double>(folders.size())).to(at::kFloat);
  const std::filesystem::path described = folders.back() / "model.json";
  const std::string description = read_file(described);
  config::parse(description, described.string());  // throws where it is damaged
  AtomicFolder folder(target);
  write_model(folder.path(), sums,
              parse_json<nlohmann::ordered_json>(description, described.string()));
  folder.commit();
}

}  // namespace penalmt
