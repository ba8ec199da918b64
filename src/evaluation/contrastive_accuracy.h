// Contrastive evaluation by model score: a pair is right when the model finds the right translation
// better than the wrong one. By perplexity, exp(- log probability / tokens), as CoMMuTE ranks them,
// or by the probability of the whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/metric.h"

namespace penalmt {

struct ScoredTarget {
  double log_probability = 0;
  int64_t tokens = 1;  // the end counted
};

enum class ContrastiveScore { kPerplexity, kProbability };

// What a pair counts whose scores differ by no more than 1e-6, their rounding: half, or nothing, as
// CoMMuTE's evaluate.py has it.
enum class Ties { kHalf, kWrong };

// Rows of Share: right pairs, pairs. All pairs of one source sentence are one row, since they are
// drawn together: CoMMuTE exchanges their translations, so a model that does not look at the image
// has exactly half of them right. (A model that looks at the image has no ties.) All three are as
// long.
Statistics contrastive_rows(const std::vector<std::string>& sources,
                            const std::vector<ScoredTarget>& correct,
                            const std::vector<ScoredTarget>& incorrect, ContrastiveScore by,
                            Ties ties = Ties::kHalf);

struct Perplexities {
  std::vector<double> correct, incorrect;  // a pair; equal where they tie
};
// What CoMMuTE's evaluate.py compares: it finds right what contrastive_rows does by perplexity with
// ties wrong.
Perplexities perplexities(const std::vector<ScoredTarget>& correct,
                          const std::vector<ScoredTarget>& incorrect);

}  // namespace penalmt
