// The loss of two passes over the same tokens that are to agree, fused with the output layer as
// token_loss.h is: no [tokens, vocabulary] is kept whole.
#pragma once

#include "tensors/token_loss.h"

namespace penalmt {

// What the parts of the pair's loss are multiplied by.
struct PairWeights {
  double first = 0.5, second = 0.5;  // label-smoothed cross entropy of each pass
  double first_to_second = 0;        // KL(first || second) of the unsmoothed distributions
  double second_to_first = 0;        // KL(second || first)
};

// R-Drop (Liang et al., 2021): the mean cross entropy of two passes with other dropout, and
// alpha / 4 of the two divergences' sum.
inline PairWeights r_drop_weights(double alpha) { return {0.5, 0.5, alpha / 4, alpha / 4}; }

// SimCut (Gao et al., 2022): the cross entropy of the intact pass, and alpha times its divergence
// from the pass without some tokens. Gradients go to both.
inline PairWeights token_cutoff_weights(double alpha) { return {1, 0, alpha, 0}; }

struct PairStates {
  at::Tensor first, second;  // [N, C]: the same tokens in both passes
};

// As token_loss, of both passes. weight: [V, C]; gold: [N] int64. `total` is the weighted sum;
// `nll` the passes' mean by the weights of their cross entropies; `correct` of the first pass;
// `tokens` counts a token once.
TokenLoss token_pair_loss(const PairStates& states, const at::Tensor& weight,
                          const at::Tensor& gold, double smoothing, const PairWeights& weights,
                          int64_t pad);

}  // namespace penalmt
