#include "tensors/candidate_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tensors/row_kernels.h"

namespace penalmt {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

}  // namespace

CandidateRule CandidateRule::of_rows(int64_t first, int64_t count) const {
  CandidateRule rule = *this;
  if (!asked.empty()) rule.asked.assign(asked.begin() + first, asked.begin() + first + count);
  return rule;
}

CandidateScan::CandidateScan(int64_t rows, const CandidateRule& rule, int64_t spare)
    : rows_(rows),
      kept_(rule.count + spare),
      rule_(rule),
      maximum_(rows, kLowest),
      best_logits_(rows * kept_, kLowest),
      end_logits_(rows, kLowest),
      asked_logits_(rule.asked.empty() ? 0 : rows, kLowest),
      sum_(rows, 0.0),
      best_tokens_(rows * kept_, -1) {}

void CandidateScan::add(const float* tile, int64_t stride, int64_t first_column, int64_t columns) {
  const RowKernels& kernels = row_kernels();
  const int64_t end = rule_.end_token - first_column;
  for (int64_t r = 0; r < rows_; ++r) {
    const float* row = tile + r * stride;
    if (0 <= end && end < columns) end_logits_[r] = row[end];
    if (!asked_logits_.empty()) {
      const int64_t asked = rule_.asked[r] - first_column;
      if (0 <= asked && asked < columns) asked_logits_[r] = row[asked];
    }
    kernels.scan_row(row, columns, first_column, rule_.first_token, kept_,
                     {&maximum_[r], rule_.probabilities ? &sum_[r] : nullptr,
                      &best_logits_[r * kept_], &best_tokens_[r * kept_]});
  }
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
    if (asked_logits_.empty()) continue;
    const float asked = exact ? exact(r, rule_.asked[r]) : asked_logits_[r];
    found.asked.push_back(static_cast<float>(asked - normaliser));
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
    all.asked.insert(all.asked.end(), part.asked.begin(), part.asked.end());
  }
  return all;
}

}  // namespace penalmt
