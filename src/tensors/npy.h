// One array in NumPy's .npy format, version 1.0 or 2.0: the bytes "\x93NUMPY", the version, the
// header's length, a Python dictionary such as
// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, and the elements, row by row.
//
// Types: f2 f4 f8 i4 i8 u1 b1, little endian.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "tensors/stored_tensor.h"

namespace penalmt {

// The array, of the file's shape, on the CPU, in memory of its own. Throws Error "path: ..." for a
// foreign or truncated file, another type, column order, and as read_file (base/files.h).
at::Tensor load_npy(const std::filesystem::path& path);

// What the header says, checked as load_npy checks it, with the same Errors; `file` is all of the
// file's bytes, of which only the header is touched. The name is "".
StoredTensor index_npy(const std::filesystem::path& path, std::string_view file);

// A file of version 1.0 up to its data, padded with spaces to a multiple of 64 bytes, and to `size`
// where it is shorter.
std::string npy_header(NumberType type, const std::vector<int64_t>& shape, std::size_t size = 0);

// Writes version 1.0, whole or not at all. `tensor`: of any shape, on any device, of one of the
// types above. Throws as write_file (base/files.h).
void save_npy(const std::filesystem::path& path, const at::Tensor& tensor);

}  // namespace penalmt
