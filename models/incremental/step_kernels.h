// Small passes over rows that a decoding step makes between its products. On the CPU in float32 one
// kernel each; LibTorch's operators elsewhere.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace penalmt {

// out = LayerNorm(x + branch). x, branch, out: [N, C], contiguous; weight, bias: [C]. out may be x.
void add_norm(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight,
              const at::Tensor& bias, double epsilon, at::Tensor& out);

// out[r] = embedding[tokens[r]] * scale + position. embedding: [V, C]; position: [C]; out: [N, C].
void embed_tokens(const std::vector<int>& tokens, const at::Tensor& embedding, double scale,
                  const at::Tensor& position, at::Tensor& out);

}  // namespace penalmt
