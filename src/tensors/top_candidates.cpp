#include "tensors/top_candidates.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensors/row_kernels.h"

namespace penalmt {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

}  // namespace

CandidateScan::CandidateScan(int64_t rows, const CandidateRule& rule)
    : rows_(rows),
      rule_(rule),
      maximum_(rows, kLowest),
      best_logits_(rows * rule.count, kLowest),
      end_logits_(rows, kLowest),
      sum_(rows, 0.0),
      best_tokens_(rows * rule.count, -1) {}

void CandidateScan::add(const float* tile, int64_t stride, int64_t first_column, int64_t columns) {
  const RowKernels& kernels = row_kernels();
  const int64_t end = rule_.end_token - first_column;
  at::parallel_for(0, rows_, 16, [&](int64_t begin, int64_t last) {
    for (int64_t r = begin; r < last; ++r) {
      if (0 <= end && end < columns) end_logits_[r] = tile[r * stride + end];
      kernels.scan_row(
          tile + r * stride, columns, first_column, rule_.first_token, rule_.count,
          {&maximum_[r], &sum_[r], &best_logits_[r * rule_.count], &best_tokens_[r * rule_.count]});
    }
  });
  columns_seen_ = std::max(columns_seen_, first_column + columns);
}

Candidates CandidateScan::finish() const {
  Candidates found;
  found.count = std::min(rule_.count, std::max<int64_t>(columns_seen_ - rule_.first_token, 0));
  found.tokens.reserve(rows_ * found.count);
  found.log_probabilities.reserve(rows_ * found.count);
  found.end.reserve(rows_);
  for (int64_t r = 0; r < rows_; ++r) {
    const double normaliser = maximum_[r] + std::log(sum_[r]);
    for (int64_t k = 0; k < found.count; ++k) {
      found.tokens.push_back(best_tokens_[r * rule_.count + k]);
      found.log_probabilities.push_back(
          static_cast<float>(best_logits_[r * rule_.count + k] - normaliser));
    }
    found.end.push_back(static_cast<float>(end_logits_[r] - normaliser));
  }
  return found;
}

Candidates top_candidates(const at::Tensor& logits, const CandidateRule& rule) {
  TORCH_CHECK(logits.dim() == 2, "logits must be [N, V], got ", logits.sizes());
  if (logits.device().is_cpu()) {
    const at::Tensor dense = logits.to(at::kFloat).contiguous();
    CandidateScan scan(dense.size(0), rule);
    scan.add(dense.const_data_ptr<float>(), dense.size(1), 0, dense.size(1));
    return scan.finish();
  }
  Candidates found;
  found.count = std::min(rule.count, logits.size(1) - rule.first_token);
  const at::Tensor scores = at::log_softmax(logits, -1, at::kFloat);  // [N, V]
  auto [values, places] = at::topk(
      scores.narrow(1, rule.first_token, logits.size(1) - rule.first_token), found.count, -1);
  const at::Tensor host_values = values.cpu(),
                   host_tokens = places.add(rule.first_token).to(at::kInt).cpu();
  const at::Tensor host_end = scores.select(1, rule.end_token).cpu();
  found.log_probabilities.assign(host_values.const_data_ptr<float>(),
                                 host_values.const_data_ptr<float>() + host_values.numel());
  found.tokens.assign(host_tokens.const_data_ptr<int>(),
                      host_tokens.const_data_ptr<int>() + host_tokens.numel());
  found.end.assign(host_end.const_data_ptr<float>(),
                   host_end.const_data_ptr<float>() + host_end.numel());
  return found;
}

}  // namespace penalmt
