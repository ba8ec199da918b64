// What a training pass is drawn from and scaled by.
#pragma once

#include <cstdint>
#include <utility>

#include "tensors/counter_random.h"

namespace penalmt {

// The default serves evaluation.
struct ForwardPass {
  at::Tensor ids;  // [B] int64 on the CPU: the examples' numbers in the corpus
  uint64_t seed = 0;
  int64_t update = 0;
  double tau_scale =
      1;  // tau is multiplied by it: what the loss is scaled by, times the schedule's share
  int64_t number = 0;       // of several passes over the same examples: their dropout differs
  double token_cutoff = 0;  // probability that a token's embedding is set to zero
};

// The rows of a stack in that pass, their counters on `device`. real: [B, length] bool, or
// undefined where all are.
inline Rows rows_of(at::Tensor real, int64_t length, const ForwardPass& pass, c10::Device device) {
  Rows rows{.real = std::move(real), .counters = {}, .tau_scale = pass.tau_scale};
  rows.update_counter = update_counter(pass.seed, pass.update);
  rows.token_cutoff = pass.token_cutoff;
  if (!pass.ids.defined()) return rows;
  rows.counters = row_counters(pass.ids, length, pass.seed, pass.update, pass.number).to(device);
  if (pass.number > 0)
    rows.token_counters = row_counters(pass.ids, length, pass.seed, pass.update).to(device);
  return rows;
}

}  // namespace penalmt
