#include "tensors/top_candidates.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace penalmt {

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
  const int64_t writable = logits.size(1) - rule.first_token;
  auto [values, places] = at::topk(scores.narrow(1, rule.first_token, writable), found.count, -1);
  // All of it at once: the host waits for a copy. (A number of a piece is a float as it is.)
  std::vector<at::Tensor> parts = {values, places.to(at::kFloat),
                                   scores.narrow(1, rule.end_token, 1)};
  if (!rule.asked.empty())
    parts.push_back(
        scores.gather(1, at::tensor(rule.asked, at::kLong).to(scores.device()).unsqueeze(1)));
  const at::Tensor host = at::cat(parts, 1).cpu();  // [N, 2 count + 1 or 2]
  for (int64_t row = 0; row < host.size(0); ++row) {
    const float* of_row = host.const_data_ptr<float>() + row * host.size(1);
    for (int64_t k = 0; k < found.count; ++k) {
      found.log_probabilities.push_back(of_row[k]);
      found.tokens.push_back(static_cast<int>(of_row[found.count + k]) + rule.first_token);
    }
    found.end.push_back(of_row[2 * found.count]);
    if (!rule.asked.empty()) found.asked.push_back(of_row[2 * found.count + 1]);
  }
  return found;
}

}  // namespace penalmt
