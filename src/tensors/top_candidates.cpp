#include "tensors/top_candidates.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>


#include <algorithm>
#include <cmath>
#include <limits>

#include "tensors/simd.h"


namespace penalmt {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

// What one row has seen so far.
struct RowState {
  float* maximum;
  double* sum;
  float* logits;  // [count] best first
  int* tokens;    // [count]
};

PENALMT_INLINE void insert(const RowState& row, int64_t count, float logit, int token) {
  int64_t place = count - 1;
  while (place > 0 && row.logits[place - 1] < logit) {
    row.logits[place] = row.logits[place - 1];
    row.tokens[place] = row.tokens[place - 1];
    --place;
  }
  row.logits[place] = logit;
  row.tokens[place] = token;
}

// Two passes over a tile of the row that is still in the first cache: (1) its maximum and the logits above the worst one kept, (2) the sum.
PENALMT_CLONES void scan_row(const float* logits, int64_t columns, int64_t first_column, int first_token, int64_t count, RowState row) {
  using namespace simd;
  float bar = row.logits[count - 1];
  float top = *row.maximum;
  int64_t c = 0;
  Floats maxima = all(top);
  for (; c + 4 * kLanes <= columns; c += 4 * kLanes) {
    const Floats a = larger(load(logits + c), load(logits + c + kLanes));
    const Floats b = larger(load(logits + c + 2 * kLanes), load(logits + c + 3 * kLanes));
    const Floats most = larger(a, b);
    maxima = larger(maxima, most);
    if (largest(most) > bar) {
      for (int64_t i = c; i < c + 4 * kLanes; ++i)
        if (logits[i] > bar && first_column + i >= first_token) {
          insert(row, count, logits[i], static_cast<int>(first_column + i));
          bar = row.logits[count - 1];
        }
    }
  }
  top = largest(maxima);
  for (; c < columns; ++c) {
    top = std::max(top, logits[c]);
    if (logits[c] > bar && first_column + c >= first_token) {
      insert(row, count, logits[c], static_cast<int>(first_column + c));
      bar = row.logits[count - 1];
    }
  }
  if (top == kLowest) return;

  Floats sums = {}, others = {};
  c = 0;
  const Floats shift = all(top);
  for (; c + 2 * kLanes <= columns; c += 2 * kLanes) {
    sums += exp_of_negative(load(logits + c) - shift);
    others += exp_of_negative(load(logits + c + kLanes) - shift);
  }
  double total = sum(sums + others);
  for (; c < columns; ++c) total += std::exp(logits[c] - top);
  *row.sum = *row.sum * std::exp(static_cast<double>(*row.maximum) - top) + total;
  *row.maximum = top;
}

}  // namespace

CandidateScan::CandidateScan(int64_t rows, const CandidateRule& rule)
    : rows_(rows), rule_(rule), maximum_(rows, kLowest), best_logits_(rows * rule.count, kLowest), end_logits_(rows, kLowest),
      sum_(rows, 0.0), best_tokens_(rows * rule.count, -1) {}

void CandidateScan::add(const float* tile, int64_t stride, int64_t first_column, int64_t columns) {
  const int64_t end = rule_.end_token - first_column;
  at::parallel_for(0, rows_, 16, [&](int64_t begin, int64_t last) {
    for (int64_t r = begin; r < last; ++r) {
      if (0 <= end && end < columns) end_logits_[r] = tile[r * stride + end];
      scan_row(tile + r * stride, columns, first_column, rule_.first_token, rule_.count,
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
      found.log_probabilities.push_back(static_cast<float>(best_logits_[r * rule_.count + k] - normaliser));
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
  auto [values, places] = at::topk(scores.narrow(1, rule.first_token, logits.size(1) - rule.first_token), found.count, -1);
  const at::Tensor host_values = values.cpu(), host_tokens = places.add(rule.first_token).to(at::kInt).cpu();
  const at::Tensor host_end = scores.select(1, rule.end_token).cpu();
  found.log_probabilities.assign(host_values.const_data_ptr<float>(), host_values.const_data_ptr<float>() + host_values.numel());
  found.tokens.assign(host_tokens.const_data_ptr<int>(), host_tokens.const_data_ptr<int>() + host_tokens.numel());
  found.end.assign(host_end.const_data_ptr<float>(), host_end.const_data_ptr<float>() + host_end.numel());
  return found;
}

}  // namespace penalmt
