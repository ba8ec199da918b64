// The loss of the output layer, fused with it: the [tokens, vocabulary] temporaries of logits,
// probabilities and their gradients (the largest of the network by far) exist only a slice of rows
// at a time.
#pragma once

#include <ATen/core/Tensor.h>

namespace penalmt {

struct TokenLoss {
  at::Tensor
      total;  // scalar, differentiable: sum over real tokens of the label-smoothed cross entropy
  at::Tensor nll;       // scalar, float64, constant: the same sum without smoothing
  int64_t correct = 0;  // real tokens whose likeliest piece is the right one
  int64_t tokens = 0;   // real tokens
};

// states: [N, C]; weight: [V, C], the output layer (no bias); gold: [N] int64, `pad` where there is
// no token. Label smoothing e puts (1 - e) on the gold piece and e / V on every piece (Szegedy et
// al., 2016, equation 9, as PyTorch has it). Gradients are computed in the forward pass, as the
// loss is only ever scaled.
TokenLoss token_loss(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& gold,
                     double smoothing, int64_t pad);

}  // namespace penalmt
