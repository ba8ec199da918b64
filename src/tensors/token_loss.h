// The loss of the output layer, fused with it: the [tokens, vocabulary] temporaries of logits,
// probabilities and their gradients (the largest of the network by far) exist only a slice of rows
// at a time.
#pragma once

#include <ATen/core/Tensor.h>

namespace penalmt {

// Sums over the real tokens, scalars on the device of the states: reading one waits for a GPU.
struct TokenLoss {
  at::Tensor total;    // differentiable: the label-smoothed cross entropy
  at::Tensor nll;      // float64, constant: the same without smoothing
  at::Tensor correct;  // float64: of how many the likeliest piece is the right one
};

// states: [N, C]; weight: [V, C], the output layer (no bias); gold: [N] int64, `pad` (a row's
// number or -1) where there is no token. Label smoothing e puts (1 - e) on the gold piece and e / V
// on every piece (Szegedy et al., 2016, equation 9, as PyTorch has it). Gradients are computed in
// the forward pass, as the loss is only ever scaled.
TokenLoss token_loss(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& gold,
                     double smoothing, int64_t pad);

}  // namespace penalmt
