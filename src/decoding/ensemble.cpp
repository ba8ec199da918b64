#include "decoding/ensemble.h"

#include <ATen/Functions.h>

#include <cmath>

namespace penalmt {

at::Tensor Ensemble::advance(const std::vector<int>& tokens) {
  at::Tensor sum;
  for (TensorStepModel* model : models_) {
    const at::Tensor scores = at::log_softmax(model->advance(tokens), -1, at::kFloat);
    sum = sum.defined() ? at::logaddexp(sum, scores.to(sum.device())) : scores;
  }
  return sum - std::log(static_cast<double>(models_.size()));
}

void Ensemble::reorder(const std::vector<int64_t>& rows) {
  for (TensorStepModel* model : models_) model->reorder(rows);
}

}  // namespace penalmt
