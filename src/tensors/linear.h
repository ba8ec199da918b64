// Matrix products of the network: y = x W^T + b.
#pragma once

#include <ATen/core/Tensor.h>

namespace penalmt {

// x: [.., in], weight: [out, in], bias: [out] or undefined → [.., out]. Differentiable, unless a
// packed form of the weight is in force (packed_matrix.h), which is taken. On the CPU
// the precision in force (tensors/precision.h) decides the format of the three products; the result
// has x's type.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// x in the format of the products in force. What goes from one product to the next in it is
// converted once; each `linear` of a float32 x converts x and its result (9 % of a bfloat16 step of
// Tiny).
at::Tensor for_products(const at::Tensor& x);

}  // namespace penalmt
