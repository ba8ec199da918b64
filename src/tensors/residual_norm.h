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

struct NormWeights {
  at::Tensor weight, bias;  // [C] float32
  double epsilon;
};

// What is dropped of the branch. counters: [..] int64, one a row of x; may be undefined when
// site.threshold() is 0.
struct BranchDropout {
  at::Tensor counters;
  DropoutSite site;
};

// x, branch: [.., C] float32 (the branch: or bfloat16), contiguous, with the weights on one device.
ResidualNormResult residual_norm(const at::Tensor& x, const at::Tensor& branch,
                                 const NormWeights& norm, const BranchDropout& dropout);

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

// A forward pass as its backward pass needs it. z, the branch's contribution, is h - x: both are
// kept for other ends (x by the sublayer's first product, h by the normalisation).
struct ResidualNormPass {
  at::Tensor x;  // may be undefined when tau is 0
  ResidualNormResult kept;
  at::Tensor weight;
  BranchDropout dropout;
  at::Tensor real;  // [..] bool: where the penal term counts; undefined: everywhere
  PenalTerm penal;
  at::ScalarType branch_type = at::kFloat;
};

// gradient: [.., C], at y.
ResidualNormGradients residual_norm_backward(const at::Tensor& gradient,
                                             const ResidualNormPass& pass);

}  // namespace penalmt
