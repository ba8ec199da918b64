// The one place that calls LibTorch's private operators. Each has a public fallback, for a LibTorch
// that lacks it.
#pragma once

#include <ATen/core/Tensor.h>

namespace penalmt {

// Whether a product of x [.., in] should go through onednn_linear: float32 on an AMD CPU, where
// LibTorch's default product (MKL) was found at half of oneDNN's speed: [4096, 128] x [128, 10000]
// 71 against 96 GFLOP/s, 2048^3 91 against 177. On Intel the two are level, so the default stays;
// of other formats oneDNN knows not all.
bool onednn_is_faster(const at::Tensor& x);

// x W^T + b through oneDNN; not differentiable. x: [.., in], weight: [out, in] contiguous, bias:
// [out] or undefined → [.., out].
at::Tensor onednn_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

struct AdamStep {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
};

// What a step works on: all [P] float32 or float64, but `steps`, a scalar that already counts it.
struct AdamTensors {
  at::Tensor values, gradients, mean, square, steps;
};

// One Adam (or, with weight decay, AdamW) step in a single pass over the memory. scale: a float32
// scalar that the gradients are divided by first, undefined: 1; refused: 1 in place of 0 where no
// step is to be taken.
void fused_adam(const AdamTensors& tensors, const AdamStep& step, const at::Tensor& scale = {},
                const at::Tensor& refused = {});

}  // namespace penalmt
