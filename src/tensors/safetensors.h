// Named tensors in one file, in the safetensors format, so that Python reads what we write and the
// other way round:
//
//   8 bytes   length of the header, little endian
//   header    JSON: {"__metadata__": {"key": "text"},
//             "encoder.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
//   data      the tensors' bytes without gaps; offsets count from here
//
// Types: F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "tensors/stored_tensor.h"

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

// The tensors on the CPU, in memory of their own. Throws Error "path: ..." for whatever the format
// forbids: a truncated file, a header that is too long or no JSON, unknown types, offsets that lie
// outside, overlap, leave gaps or do not fit the shape; and as read_file (base/files.h).
NamedTensors load_safetensors(const std::filesystem::path& path);

// What the header of a file says, checked as load_safetensors checks it, with the same Errors;
// `file` is all of its bytes, of which only the header is touched.
struct SafetensorsIndex {
  std::vector<StoredTensor> tensors;  // in the header's order
  std::map<std::string, std::string> metadata;
};
SafetensorsIndex index_safetensors(const std::filesystem::path& path, std::string_view file);

// A file up to its data. The tensors' `begin` and `end` count from there. It is padded with spaces
// to a multiple of 8, and to `size` bytes where it is shorter.
std::string safetensors_header(const SafetensorsIndex& index, std::size_t size = 0);

// The tensor of that name, of whatever shape it has, or nullptr.
const at::Tensor* find(const NamedTensors& named, const std::string& name);

}  // namespace penalmt
