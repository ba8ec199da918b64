// Matrix products of the network: y = x W^T + b.
#pragma once

#include <ATen/core/Tensor.h>

namespace penalmt {

// x: [.., in], weight: [out, in], bias: [out] or undefined → [.., out]. Differentiable. On the CPU
// the precision in force (tensors/precision.h) decides the format of the three products; the result
// has x's type.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace penalmt
