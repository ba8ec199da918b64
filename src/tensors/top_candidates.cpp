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
  auto [values, places] = at::topk(
      scores.narrow(1, rule.first_token, logits.size(1) - rule.first_token), found.count, -1);
  const at::Tensor host_values = values.cpu(),
                   host_tokens = places.add(rule.first_token).to(at::kInt).cpu();
  const at::Tensor host_end = scores.select(1, rule.end_token).cpu();
  if (!rule.asked.empty()) {
    const at::Tensor asked = at::tensor(rule.asked, at::kLong).to(scores.device()).unsqueeze(1);
    const at::Tensor host_asked = scores.gather(1, asked).cpu();
    found.asked.assign(host_asked.const_data_ptr<float>(),
                       host_asked.const_data_ptr<float>() + host_asked.numel());
  }
  found.log_probabilities.assign(host_values.const_data_ptr<float>(),
                                 host_values.const_data_ptr<float>() + host_values.numel());
  found.tokens.assign(host_tokens.const_data_ptr<int>(),
                      host_tokens.const_data_ptr<int>() + host_tokens.numel());
  found.end.assign(host_end.const_data_ptr<float>(),
                   host_end.const_data_ptr<float>() + host_end.numel());
  return found;
}

}  // namespace penalmt
