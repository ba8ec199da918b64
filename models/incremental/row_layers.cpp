#include "models/incremental/row_layers.h"

namespace penalmt {

const float* row_feed_forward(const RowStack& stack, const RowLayer& layer, const float* y,
                              int64_t rows, RowBuffer& inner, float* out) {
  const RowKernels& kernels = row_kernels();
  const int64_t numbers = rows * layer.up.out();
  float* wide = inner.rows(rows, layer.up.out());
  layer.up.apply(y, rows, wide);
  switch (stack.activation) {
    case Activation::kRelu:
      kernels.relu(wide, numbers);
      break;
    case Activation::kGelu:
      kernels.gelu(wide, numbers);
      break;
    case Activation::kSilu:
      kernels.silu(wide, numbers);
      break;
  }
  layer.down.apply(wide, rows, out);
  return out;
}

void row_final_norm(const RowStack& stack, int64_t rows, float* x) {
  if (stack.norm == NormOrder::kPost) return;
  for (int64_t r = 0; r < rows; ++r)
    row_kernels().add_norm_row(x + r * stack.width, nullptr, stack.final_norm.norm(),
                               x + r * stack.width);
}

}  // namespace penalmt
