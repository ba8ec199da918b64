// Several models with one vocabulary as one: a token's probability is the mean of theirs.
#pragma once

#include <vector>

#include "decoding/tensor_step.h"

namespace penalmt {

// Of models that outlive it and hold the same rows.
class Ensemble : public TensorStepModel {
 public:
  explicit Ensemble(std::vector<TensorStepModel*> models) : models_(std::move(models)) {}
  // Returns log probabilities [N, V], float32.
  at::Tensor advance(const std::vector<int>& tokens) override;
  void reorder(const std::vector<int64_t>& rows) override;

 private:
  const std::vector<TensorStepModel*> models_;
};

}  // namespace penalmt
