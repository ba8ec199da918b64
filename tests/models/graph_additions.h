// The residual additions of a network, counted on its autograd graph.
#pragma once

#include <memory>
#include <set>
#include <string>

#include <torch/torch.h>

namespace penalmt {

struct Additions {
  int penal = 0, plain = 0;
};

inline void count_additions(const std::shared_ptr<torch::autograd::Node>& node,
                            const std::string& reader, std::set<torch::autograd::Node*>& seen,
                            Additions& found) {
  if (!node || !seen.insert(node.get()).second) return;
  const std::string name = node->name();
  if (name.find("PenalAddition") != std::string::npos ||
      name.find("PenalResidualNorm") != std::string::npos)
    ++found.penal;
  // What a sigmoid reads is the argument of a gate (W text + W image), no stream.
  if (name == "AddBackward0" && node->num_outputs() == 2 && reader != "SigmoidBackward0") {
    // An embedding plus positions is no residual: one of the two is a parameter, or needs no
    // gradient.
    int streams = 0;
    for (const auto& edge : node->next_edges())
      if (edge.function && edge.function->name() != "torch::autograd::AccumulateGrad" &&
          edge.function->name() != "SliceBackward0")
        ++streams;
    if (streams == 2) ++found.plain;
  }
  for (const auto& edge : node->next_edges()) count_additions(edge.function, name, seen, found);
}

// Every node of the graph below `output` that adds two tensors of residual streams: a penal
// connection, or a plain one.
inline Additions count_additions(const at::Tensor& output) {
  std::set<torch::autograd::Node*> seen;
  Additions found;
  count_additions(output.grad_fn(), "", seen, found);
  return found;
}

}  // namespace penalmt
