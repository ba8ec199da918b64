#include "tensors/safetensors.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>

#include <ATen/ATen.h>

#include "base/files.h"
#include "tensors/scalar_types.h"

namespace penalmt {

void save_safetensors(const std::filesystem::path& path, const NamedTensors& named) {
  // 1. Bytes to write: on the CPU, without strides, widest elements first.
  std::vector<at::Tensor> dense;
  for (const auto& [name, tensor] : named.tensors)
    dense.push_back(tensor.detach().to(at::kCPU).contiguous());
  std::vector<std::size_t> order(dense.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    return dense[a].element_size() > dense[b].element_size();
  });
  std::vector<uint64_t> begin(dense.size());
  uint64_t data_size = 0;
  for (const std::size_t i : order) {
    begin[i] = data_size;
    data_size += dense[i].nbytes();
  }

  // 2. The header keeps the order given.
  SafetensorsIndex index{.metadata = named.metadata};
  for (std::size_t i = 0; i < dense.size(); ++i)
    index.tensors.push_back({named.tensors[i].first, number_type(dense[i].scalar_type()),
                             dense[i].sizes().vec(), begin[i], begin[i] + dense[i].nbytes()});
  std::string file = safetensors_header(index);

  // 3. The data.
  file.reserve(file.size() + data_size);
  for (const std::size_t i : order)
    file.append(static_cast<const char*>(dense[i].const_data_ptr()), dense[i].nbytes());
  write_file(path, file);
}

NamedTensors load_safetensors(const std::filesystem::path& path) {
  const MappedFile map(path);
  const std::string_view file(reinterpret_cast<const char*>(map.data()), map.size());
  SafetensorsIndex index = index_safetensors(path, file);
  NamedTensors named{.tensors = {}, .metadata = std::move(index.metadata)};
  for (const StoredTensor& entry : index.tensors) {
    at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(scalar_type(entry.type)));
    if (entry.end > entry.begin)
      std::memcpy(tensor.mutable_data_ptr(), file.data() + entry.begin, entry.end - entry.begin);
    named.tensors.emplace_back(entry.name, std::move(tensor));
  }
  return named;
}

const at::Tensor* find(const NamedTensors& named, const std::string& name) {
  for (const auto& [each, tensor] : named.tensors)
    if (each == name) return &tensor;
  return nullptr;
}

}  // namespace penalmt
