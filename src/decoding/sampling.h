// Translations drawn by chance from a TensorStepModel's distribution, for many sentences at once.
#pragma once

#include <vector>

#include "decoding/search_options.h"
#include "decoding/tensor_step.h"

namespace penalmt {

// For each sentence n_best translations drawn as options.sampling says, independent of one another,
// those of the larger score first. A draw depends on the seed, the sentence's stream and the draw's
// number alone, not on the other sentences. There are none where the model's scores are not
// numbers, and fewer than n_best where rules leave a draw no token. Throws what the model throws.
std::vector<std::vector<Hypothesis>> sample(TensorStepModel& model,
                                            const std::vector<SentenceSearch>& sentences,
                                            const SearchOptions& options);

// The token, of row[0] ... row[size - 1], for the number `draw` from 0 to 1: the distribution
// function's inverse over the tokens that SamplingOptions keeps, the most probable first, of equal
// ones the smaller. Log probabilities of -infinity are never drawn; -1: all are.
int drawn_token(const std::vector<float>& row, const SamplingOptions& options, double draw);

}  // namespace penalmt
