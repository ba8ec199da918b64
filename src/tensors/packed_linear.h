// Packed matrices (packed_matrix.h) of tensors, and in the place of linear maps.
#pragma once

#include <ATen/core/Tensor.h>

#include <unordered_map>

#include "tensors/packed_matrix.h"

namespace penalmt {

// The tensor's numbers, which it keeps: float32 on the CPU, contiguous; null where undefined.
SharedFloats shared_floats(const at::Tensor& x);

// weight: [out, in] float32 on the CPU; bias: [out], undefined: 0. bfloat16 is LibTorch's.
PackedMatrix packed_matrix(const at::Tensor& weight, const at::Tensor& bias, ProductFormat format);
PackedMatrix packed_matrix(const MatrixNumbers& numbers, ProductFormat format);

// x: [.., in] float32 → [.., out].
at::Tensor product(const PackedMatrix& matrix, const at::Tensor& x);

// By the address of the weight's numbers.
using PackedMatrices = std::unordered_map<const void*, PackedMatrix>;

// While it lives, `linear` (tensors/linear.h) takes these in place of the weights that they were
// made of, in this thread. Not differentiable. A weight must not change meanwhile.
class PackedMatricesScope {
 public:
  explicit PackedMatricesScope(const PackedMatrices& matrices);
  ~PackedMatricesScope();
  PackedMatricesScope(const PackedMatricesScope&) = delete;
  PackedMatricesScope& operator=(const PackedMatricesScope&) = delete;

 private:
  const PackedMatrices* before_;
};

// The one in force for the weight, or null.
const PackedMatrix* packed_form(const at::Tensor& weight);

}  // namespace penalmt
