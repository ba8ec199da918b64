// A model in the middle of decoding that can write all of its scores out.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "decoding/step.h"
#include "tensors/top_candidates.h"

namespace penalmt {

class TensorStepModel : public StepModel {
 public:
  // As advance_best, of which one is called a position. Returns logits [N, V].
  virtual at::Tensor advance(const std::vector<int>& tokens) = 0;

  // A model that need not write the logits out overrides it.
  Candidates advance_best(const std::vector<int>& tokens, const CandidateRule& rule) override {
    return top_candidates(advance(tokens), rule);
  }
};

}  // namespace penalmt
