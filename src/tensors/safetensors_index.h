// What stands in a file of the safetensors format:
//
//   8 bytes   length of the header, little endian
//   header    JSON: {"__metadata__": {"key": "text"},
//             "encoder.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
//   data      the tensors' bytes without gaps; offsets count from here
//
// Types: F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensors/stored_tensor.h"

namespace penalmt {

// What the header of a file says.
struct SafetensorsIndex {
  std::vector<StoredTensor> tensors;  // in the header's order
  std::map<std::string, std::string> metadata;
};

// `file`: all of the bytes of `path`, of which only the header is touched. Throws Error "path: ..."
// for whatever the format forbids: a truncated file, a header that is too long or no JSON, unknown
// types, offsets that lie outside, overlap, leave gaps or do not fit the shape.
SafetensorsIndex index_safetensors(const std::filesystem::path& path, std::string_view file);

// A file up to its data. The tensors' `begin` and `end` count from there. It is padded with spaces
// to a multiple of 8, and to `size` bytes where it is shorter.
std::string safetensors_header(const SafetensorsIndex& index, std::size_t size = 0);

}  // namespace penalmt
