#include "translation/row_translator.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "models/model_size.h"
#include "tensors/safetensors_index.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

struct StoredWeights {
  std::shared_ptr<const MappedFile> map;
  std::map<std::string, StoredTensor> tensors;
};

bool is_floats(const StoredTensor& tensor) {
  return tensor.type == NumberType::kFloat32 && tensor.begin % alignof(float) == 0;
}

StoredWeights stored_weights(const fs::path& folder) {
  const fs::path file = folder / "model.safetensors";
  StoredWeights weights{std::make_shared<const MappedFile>(file), {}};
  const auto* bytes = reinterpret_cast<const char*>(weights.map->data());
  for (StoredTensor& tensor : index_safetensors(file, {bytes, weights.map->size()}).tensors)
    weights.tensors.emplace(tensor.name, std::move(tensor));
  return weights;
}

// The floats of the file, which stays mapped for as long as they are used: pages that are not
// touched are never read.
ParameterSource parameters_in(StoredWeights weights) {
  return {[weights = std::move(weights)](const std::string& name) -> std::optional<NumberArray> {
    const auto found = weights.tensors.find(name);
    if (found == weights.tensors.end()) return std::nullopt;
    const StoredTensor& tensor = found->second;
    const auto* first = reinterpret_cast<const float*>(weights.map->data() + tensor.begin);
    return NumberArray{SharedFloats(weights.map, first), tensor.shape};
  }};
}

// Throws Error for weights that are not the model's.
void check_weights(const fs::path& folder, const ModelDescription& description,
                   const StoredWeights& weights) {
  std::set<std::string> asked;
  const ParameterSource stored = parameters_in(weights);
  const ParameterSource watched = {[&](const std::string& name) {
    asked.insert(name);
    return stored.find(name);
  }};
  const auto refuse = [&](const std::string& problem) {
    throw Error((folder / "model.safetensors").string() + ": " + problem);
  };
  for (const auto& [name, tensor] : weights.tensors)
    if (!is_floats(tensor))
      refuse(fmt::format("tensor '{}': expected float32 in whole places of 4 bytes", name));
  try {
    row_model(description, watched, [](const MatrixNumbers&) { return PackedMatrix(); });
  } catch (const Error& error) {
    refuse(error.what());
  }
  for (const auto& [name, tensor] : weights.tensors)
    if (!asked.contains(name))
      refuse(fmt::format("tensor '{}' is unknown to the model; is it another model's?", name));
}

}  // namespace

bool is_row_model_folder(const fs::path& folder) {
  if (!is_row_model(read_description(folder).model)) return false;
  const StoredWeights weights = stored_weights(folder);
  return std::all_of(weights.tensors.begin(), weights.tensors.end(),
                     [](const auto& each) { return is_floats(each.second); });
}

RowTranslator::RowTranslator(const fs::path& path) : RowTranslator(read_model_files(path), path) {}

RowTranslator::RowTranslator(ModelFiles files, const fs::path& path)
    : TextTranslator(std::move(files.description), std::move(files.source), std::move(files.target),
                     path.string()) {
  const fs::path& folder = files.location.folder;
  expect_numbers(folder, least_numbers(description().model, description().source_vocabulary,
                                       description().target_vocabulary));
  StoredWeights weights = stored_weights(folder);
  check_weights(folder, description(), weights);
  parameters_ = parameters_in(std::move(weights));
}

void RowTranslator::set_format(ProductFormat format) {
  if (format == ProductFormat::kBfloat16) throw std::logic_error("bfloat16 without LibTorch");
  if (format != format_) model_.reset();
  format_ = format;
}

void RowTranslator::prepare() {
  if (model_) return;
  const auto pack = [this](const MatrixNumbers& numbers) { return PackedMatrix(numbers, format_); };
  model_ = row_model(description(), parameters_, pack);
}

std::vector<std::vector<Hypothesis>> RowTranslator::search(
    const std::vector<Example>& examples, const std::vector<SentenceSearch>& sentences,
    const ImageSet* /*images*/, const SearchOptions& search, const BatchOptions& batches,
    ProgressPart progress) {
  if (search.sampling) throw std::logic_error("sampling without LibTorch");
  return search_rows(*model_, {examples, sentences}, search, batches, progress);
}

}  // namespace penalmt
