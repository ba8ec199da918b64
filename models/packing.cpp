#include "models/packing.h"

#include <torch/torch.h>

namespace penalmt {

Packing packing_of(const at::Tensor& real) {
  const int64_t sentences = real.size(0), longest = real.size(1);
  Packing packing;
  packing.places = real.flatten().nonzero().squeeze(1);
  at::Tensor starts = at::zeros({sentences + 1}, at::kLong);
  starts.narrow(0, 1, sentences).copy_(real.sum(1).cumsum(0));
  packing.spans = {starts, packing.places.remainder(longest), longest};
  return packing;
}

at::Tensor packed(const at::Tensor& x, const Packing& packing) {
  if (!x.defined()) return x;
  return x.flatten(0, 1).index_select(0, packing.places).unsqueeze(0);
}

Rows packed(const Rows& rows, const Packing& packing) {
  Rows all = rows;
  all.real = at::Tensor();
  all.counters = packed(rows.counters, packing);
  all.token_counters = packed(rows.token_counters, packing);
  all.spans = packing.spans;
  return all;
}

at::Tensor unpacked(const at::Tensor& x, const Packing& packing, const at::Tensor& real) {
  return at::zeros({real.numel(), x.size(2)}, x.options())
      .index_copy(0, packing.places, x.squeeze(0))
      .view({real.size(0), real.size(1), x.size(2)});
}

}  // namespace penalmt
