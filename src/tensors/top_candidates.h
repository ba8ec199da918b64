// Log-softmax and the best few of each row of a tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include "tensors/candidate_scan.h"

namespace penalmt {

// logits: [N, V] of any floating type, on any device. Where tokens tie on a device other than the
// CPU their order is the device's.
Candidates top_candidates(const at::Tensor& logits, const CandidateRule& rule);

}  // namespace penalmt
