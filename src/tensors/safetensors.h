// Named tensors in one file, in the safetensors format (tensors/safetensors_index.h), so that
// Python reads what we write and the other way round.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "tensors/safetensors_index.h"

namespace penalmt {

struct NamedTensors {
  std::vector<std::pair<std::string, at::Tensor>>
      tensors;  // of any shapes; names are unique; the order is the header's
  std::map<std::string, std::string> metadata;
};

// Writes the file whole or not at all. Tensors may be of any shape and strides, on any device.
// Within the data the widest types come first, so that every tensor is aligned to its element
// without gaps; the header keeps the order given. Throws as write_file (base/files.h).
void save_safetensors(const std::filesystem::path& path, const NamedTensors& named);

// The tensors on the CPU, in memory of their own. Throws as index_safetensors, and as read_file
// (base/files.h).
NamedTensors load_safetensors(const std::filesystem::path& path);

// The tensor of that name, of whatever shape it has, or nullptr.
const at::Tensor* find(const NamedTensors& named, const std::string& name);

}  // namespace penalmt
