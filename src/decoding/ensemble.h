// Several models with one vocabulary as one: a token's probability is the mean of theirs.
#pragma once

#include <vector>

#include "decoding/step.h"

namespace penalmt {

// Of models that outlive it and hold the same rows.
class Ensemble : public StepModel {
 public:
  explicit Ensemble(std::vector<StepModel*> models) : models_(std::move(models)) {}
  // Returns log probabilities [N, V], float32.
  at::Tensor advance(const std::vector<int>& tokens) override;
  void reorder(const std::vector<int64_t>& rows) override;

 private:
  const std::vector<StepModel*> models_;
};

}  // namespace penalmt
