#include "tensors/convolution.h"

#include <ATen/ATen.h>

#include "tensors/precision.h"

namespace penalmt {

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, int64_t stride) {
  const int64_t padding = weight.size(2) / 2;
  if (!x.is_cpu() || matrix_precision() == Precision::float32) return at::conv2d(x, weight, {}, stride, padding);
  return at::conv2d(x.to(at::kBFloat16), weight.to(at::kBFloat16), {}, stride, padding).to(x.scalar_type());
}

}  // namespace penalmt
