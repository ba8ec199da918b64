// Convolutions of the network.
#pragma once

#include <ATen/core/Tensor.h>

namespace penalmt {

// x: [B, in, h, w], weight: [out, in, k, k] with k odd, padded with k / 2 zeros at each side → [B,
// out, h / stride, w / stride] (rounded up). Differentiable. On the CPU the precision in force
// (tensors/precision.h) decides the format of the products; the result has x's type.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, int64_t stride);

}  // namespace penalmt
