// One kernel for what surrounds a sublayer of a post-norm stack:  h = x + dropout(branch),  y =
// LayerNorm(h), and its backward pass with the penal term. Eager LibTorch takes five passes over
// the memory for it, and keeps a mask.
#pragma once

#include <ATen/core/Tensor.h>

#include "tensors/counter_random.h"

namespace penalmt {

struct ResidualNormResult {
  at::Tensor y;     // [.., C] the normalised sum
  at::Tensor sum;   // [.., C] h, kept for the backward pass
  at::Tensor rstd;  // [N] 1 / standard deviation of each row of h
  at::Tensor mean;  // [N] of each row of h
};

// x, branch: [.., C]; weight, bias: [C]; all float32 (the branch: or bfloat16), contiguous, on
// one device. counters: [..] int64, one a row of x; may be undefined when site.threshold() is 0.
ResidualNormResult residual_norm(const at::Tensor& x, const at::Tensor& branch,
                                 const at::Tensor& weight, const at::Tensor& bias, double epsilon,
                                 const at::Tensor& counters, const DropoutSite& site);

struct ResidualNormGradients {
  at::Tensor x, branch;  // [.., C]; one tensor where nothing is dropped and tau is 0 (of one type)
  at::Tensor weight, bias;  // [C]
};

// What the gradient at z gains: tau * z (Chen et al., ICLR 2023); relative: that over the mean
// square of x's row, which counts for at least 1/10.
struct PenalTerm {
  double tau = 0;
  bool relative = false;
};

// gradient: [.., C], at y; x, weight, counters: as above; real: [..] bool, undefined where all rows
// are real. z, the branch's contribution, is h - x: both are kept for other ends (x by the
// sublayer's first product, h by the normalisation). The penal term counts where `real` is true. x
// may be undefined when tau is 0.
ResidualNormGradients residual_norm_backward(const at::Tensor& gradient, const at::Tensor& x,
                                             const ResidualNormResult& kept,
                                             const at::Tensor& weight, const at::Tensor& counters,
                                             const DropoutSite& site, const at::Tensor& real,
                                             const PenalTerm& penal,
                                             at::ScalarType branch_type = at::kFloat);

}  // namespace penalmt
