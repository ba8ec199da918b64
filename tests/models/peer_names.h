// Our tensors' names beside those of recipes/benchmark/peers/torch_tiny.py.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <string>
#include <vector>

#include "base/config.h"

namespace penalmt {

// The peer's tensor for one of ours: `fetch` gives peer tensors by name.
// recipes/benchmark/tensor_names.json lists, for each of ours, the peer's names to be stacked; "*"
// stands for the layer's number.
inline at::Tensor from_peer(const std::string& ours,
                            const std::function<at::Tensor(const std::string&)>& fetch) {
  static const nlohmann::json map =
      config::parse_file(PENALMT_SOURCE "/recipes/benchmark/tensor_names.json");
  for (const auto& [pattern, names] : map.items()) {
    const size_t star = pattern.find('*');
    std::string number;
    if (star == std::string::npos) {
      if (pattern != ours) continue;
    } else {
      const std::string head = pattern.substr(0, star), tail = pattern.substr(star + 1);
      if (!ours.starts_with(head) || !ours.ends_with(tail) ||
          ours.size() <= head.size() + tail.size())
        continue;
      number = ours.substr(head.size(), ours.size() - head.size() - tail.size());
      if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    }
    std::vector<at::Tensor> parts;
    for (std::string name : names) {
      if (const size_t at = name.find('*'); at != std::string::npos) name.replace(at, 1, number);
      parts.push_back(fetch(name));
    }
    return torch::cat(parts);
  }
  throw std::runtime_error("no peer name for " + ours);
}

}  // namespace penalmt
