// Small passes over rows that a decoding step makes between its products. On the CPU in float32 one
// kernel each; LibTorch's operators elsewhere.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace penalmt {

// out = LayerNorm(x + branch). x, branch, out: [N, C], contiguous; weight, bias: [C]. out may be x.
void add_norm(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight,
              const at::Tensor& bias, double epsilon, at::Tensor& out);

// The position vector of each row.
struct RowPositions {
  const at::Tensor& vectors;           // [positions, C]
  const std::vector<int64_t>& of_row;  // [N]
};

// out[r] = embedding[tokens[r]] * scale + positions of r. embedding: [V, C]; out: [N, C].
void embed_tokens(const std::vector<int>& tokens, const at::Tensor& embedding, double scale,
                  const RowPositions& positions, at::Tensor& out);

}  // namespace penalmt
