#include "models/packing.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>

namespace penalmt {

namespace {

// int64 tensors of the CPU, where they are defined, to a device by one copy.
void move_together(const std::vector<at::Tensor*>& tensors, c10::Device device) {
  if (device.is_cpu()) return;
  std::vector<at::Tensor> flat;
  for (const at::Tensor* x : tensors)
    if (x->defined()) flat.push_back(x->flatten());
  const at::Tensor all = at::cat(flat).to(device);
  int64_t begin = 0;
  for (at::Tensor* x : tensors) {
    if (!x->defined()) continue;
    *x = all.narrow(0, begin, x->numel()).view(x->sizes());
    begin += x->numel();
  }
}

// ids: [1, N] int64 on the CPU.
Occurrences occurrences_of(const at::Tensor& ids) {
  const int64_t* id = ids.const_data_ptr<int64_t>();
  std::vector<int64_t> order(ids.numel()), kinds, starts;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return id[a] < id[b]; });
  for (size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && id[order[i]] == kinds.back()) continue;
    kinds.push_back(id[order[i]]);
    starts.push_back(static_cast<int64_t>(i));
  }
  starts.push_back(static_cast<int64_t>(order.size()));
  return {at::tensor(kinds, at::kLong), at::tensor(starts, at::kLong),
          at::tensor(order, at::kLong)};
}

}  // namespace

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

PackedText packed_text(const at::Tensor& ids, const at::Tensor& gold, const Rows& rows,
                       c10::Device device) {
  PackedText text;
  text.packing = packing_of(ids.ne(kPad));
  text.ids = packed(ids, text.packing);
  if (gold.defined()) text.gold = packed(gold, text.packing).flatten();
  text.rows = packed(rows, text.packing);
  if (!device.is_cpu()) text.rows.words = occurrences_of(text.ids);
  Occurrences& words = text.rows.words;
  move_together({&text.ids, &text.gold, &text.rows.counters, &text.rows.token_counters,
                 &text.packing.places, &text.packing.spans.starts, &text.packing.spans.positions,
                 &words.kinds, &words.starts, &words.order},
                device);
  text.rows.spans = text.packing.spans;
  return text;
}

at::Tensor unpacked(const at::Tensor& x, const Packing& packing, int64_t sentences) {
  const int64_t longest = packing.spans.longest;
  return at::zeros({sentences * longest, x.size(2)}, x.options())
      .index_copy(0, packing.places, x.squeeze(0))
      .view({sentences, longest, x.size(2)});
}

}  // namespace penalmt
