// A model on the disk: weights and what they are the weights of.
//
//   model.safetensors   the parameters and running statistics by their names in the model, float32
//   model.json          a ModelDescription
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "models/model_description.h"
#include "models/translation_model.h"

namespace penalmt {

// Of any shapes.
using NamedWeights = std::vector<std::pair<std::string, at::Tensor>>;

// The parameters and buffers of a module by name, in its shapes, sharing its memory.
NamedWeights named_weights(const torch::nn::Module& module);

// Writes both files into `folder`, which exists. `description`: of this model, or of another kind
// (models/classifier.h). Throws as write_file (base/files.h).
void write_model(const std::filesystem::path& folder, const NamedWeights& weights,
                 const nlohmann::ordered_json& description);

// Copies the weights of `file` into the module. Throws as load_safetensors (tensors/safetensors.h),
// and Error naming the file and the first tensor that is missing, of another shape (expected and
// got), or unknown to the module.
void load_weights(const std::filesystem::path& file, torch::nn::Module& module);

// Copies those weights of `file` that the module has too and returns the names of the module's
// others, which stay. Throws as load_safetensors, and Error where a tensor of the same name has
// another shape, and where there is no tensor of the module's.
std::vector<std::string> load_matching_weights(const std::filesystem::path& file,
                                               torch::nn::Module& module);

// The model of a folder, on the CPU, in evaluation mode. Throws as load_weights; and, before the
// network is made, as expect_numbers (models/model_size.h): a description may ask for far more than
// its weights are.
TranslationModel read_model(const std::filesystem::path& folder,
                            const ModelDescription& description);

// Writes the mean of the folders' weights, and the last one's description, as the folder `target`,
// whole or not at all. Throws as load_safetensors, config::parse_file and AtomicFolder
// (base/files.h), and Error where the folders are not of one model.
void average_models(const std::vector<std::filesystem::path>& folders,
                    const std::filesystem::path& target);

}  // namespace penalmt
