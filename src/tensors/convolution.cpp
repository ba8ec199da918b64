#include "tensors/convolution.h"

#include <ATen/ATen.h>

#include <limits>

#include "tensors/precision.h"

namespace penalmt {

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, int64_t stride) {
  const int64_t padding = weight.size(2) / 2;
  // A single pixel is looked at: those that are skipped are left out beforehand. oneDNN's own
  // stride writes beyond its buffer in the backward pass where x has fewer channels than a register
  // has lanes (uxlfoundation/oneDNN issue 6035).
  if (padding == 0 && stride > 1) {
    constexpr int64_t end = std::numeric_limits<int64_t>::max();
    return convolution(x.slice(2, 0, end, stride).slice(3, 0, end, stride), weight, 1);
  }
  if (!x.is_cpu() || matrix_precision() == Precision::float32)
    return at::conv2d(x, weight, {}, stride, padding);
  return at::conv2d(x.to(at::kBFloat16), weight.to(at::kBFloat16), {}, stride, padding)
      .to(x.scalar_type());
}

}  // namespace penalmt
