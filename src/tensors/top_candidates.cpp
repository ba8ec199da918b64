#include "tensors/top_candidates.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tensors/row_kernels.h"

namespace penalmt {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

}  // namespace

CandidateScan::CandidateScan(int64_t rows, const CandidateRule& rule, int64_t spare)
    : rows_(rows),
      kept_(rule.count + spare),
      rule_(rule),
      maximum_(rows, kLowest),
      best_logits_(rows * kept_, kLowest),
      end_logits_(rows, kLowest),
      sum_(rows, 0.0),
      best_tokens_(rows * kept_, -1) {}

void CandidateScan::add(const float* tile, int64_t stride, int64_t first_column, int64_t columns) {
  const RowKernels& kernels = row_kernels();
  const int64_t end = rule_.end_token - first_column;
  at::parallel_for(0, rows_, 16, [&](int64_t begin, int64_t last) {
    for (int64_t r = begin; r < last; ++r) {
      if (0 <= end && end < columns) end_logits_[r] = tile[r * stride + end];
      kernels.scan_row(tile + r * stride, columns, first_column, rule_.first_token, kept_,
                       {&maximum_[r], rule_.probabilities ? &sum_[r] : nullptr,
                        &best_logits_[r * kept_], &best_tokens_[r * kept_]});
    }
  });
  columns_seen_ = std::max(columns_seen_, first_column + columns);
}

Candidates CandidateScan::finish(const ExactLogit& exact) const {
  Candidates found;
  found.count = std::min(rule_.count, std::max<int64_t>(columns_seen_ - rule_.first_token, 0));
  found.tokens.reserve(rows_ * found.count);
  found.log_probabilities.reserve(rows_ * found.count);
  found.end.reserve(rows_);
  std::vector<std::pair<float, int>> kept;  // logit, token
  for (int64_t r = 0; r < rows_; ++r) {
    const double normaliser = rule_.probabilities ? maximum_[r] + std::log(sum_[r]) : 0;
    kept.clear();
    for (int64_t k = r * kept_; k < (r + 1) * kept_; ++k) {
      const int token = best_tokens_[k];
      kept.emplace_back(exact && token >= 0 ? exact(r, token) : best_logits_[k], token);
    }
    if (exact)
      std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
      });
    for (int64_t k = 0; k < found.count; ++k) {
      found.tokens.push_back(kept[k].second);
      found.log_probabilities.push_back(static_cast<float>(kept[k].first - normaliser));
    }
    const float end = exact ? exact(r, rule_.end_token) : end_logits_[r];
    found.end.push_back(static_cast<float>(end - normaliser));
  }
  return found;
}

Candidates joined(const std::vector<Candidates>& parts) {
  Candidates all;
  for (const Candidates& part : parts) all.count = std::max(all.count, part.count);
  for (const Candidates& part : parts) {
    for (size_t row = 0; row < part.end.size(); ++row)
      for (int64_t k = 0; k < all.count; ++k) {
        const int64_t place = static_cast<int64_t>(row) * part.count + k;
        all.tokens.push_back(k < part.count ? part.tokens[place] : -1);
        all.log_probabilities.push_back(k < part.count ? part.log_probabilities[place] : kLowest);
      }
    all.end.insert(all.end.end(), part.end.begin(), part.end.end());
  }
  return all;
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
