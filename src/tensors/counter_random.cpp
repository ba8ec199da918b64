#include "tensors/counter_random.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <torch/csrc/autograd/custom_function.h>

#include "tensors/dropout_bits.h"

namespace penalmt {
namespace {

// Two overloads instead of a template: function versions cannot be templates.
PENALMT_CLONES void fill_rows(float* factors, const int64_t* counters, int64_t begin, int64_t end,
                              int64_t channels, uint64_t site, uint32_t threshold, float scale) {
  for (int64_t row = begin; row < end; ++row)
    fill_factors(factors + row * channels, channels, row_key(counters[row], site), threshold,
                 scale);
}
PENALMT_CLONES void fill_rows(double* factors, const int64_t* counters, int64_t begin, int64_t end,
                              int64_t channels, uint64_t site, uint32_t threshold, double scale) {
  for (int64_t row = begin; row < end; ++row)
    fill_factors(factors + row * channels, channels, row_key(counters[row], site), threshold,
                 scale);
}

// x and gradients: multiplied by factors drawn anew each time, so nothing is stored between the
// passes.
class Dropout : public torch::autograd::Function<Dropout> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& counters, double probability, int64_t site) {
    context->save_for_backward({counters});
    context->saved_data["probability"] = probability;
    context->saved_data["site"] = site;
    return x * dropout_factors(counters, {probability, static_cast<uint64_t>(site)}, x.size(-1), x);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const DropoutSite site{context->saved_data["probability"].toDouble(),
                           static_cast<uint64_t>(context->saved_data["site"].toInt())};
    const at::Tensor& gradient = gradients[0];
    const at::Tensor counters = context->get_saved_variables()[0];
    return {gradient * dropout_factors(counters, site, gradient.size(-1), gradient), {}, {}, {}};
  }
};

}  // namespace

uint64_t update_counter(uint64_t seed, int64_t update) {
  return mix64(mix64(seed) ^ static_cast<uint64_t>(update));
}

at::Tensor row_counters(const at::Tensor& ids, int64_t length, uint64_t seed, int64_t update,
                        int64_t pass) {
  const int64_t sentences = ids.size(0);
  at::Tensor counters = at::empty({sentences, length}, at::kLong);
  const int64_t* id = ids.const_data_ptr<int64_t>();
  int64_t* out = counters.mutable_data_ptr<int64_t>();
  uint64_t stream = update_counter(seed, update);
  if (pass > 0) stream = mix64(stream ^ (0x7061737300000000ull + static_cast<uint64_t>(pass)));
  for (int64_t b = 0; b < sentences; ++b) {
    const uint64_t example = mix64(stream ^ static_cast<uint64_t>(id[b]));
    for (int64_t t = 0; t < length; ++t)
      out[b * length + t] = static_cast<int64_t>(mix64(example ^ static_cast<uint64_t>(t)));
  }
  return counters;
}

at::Tensor dropout_factors(const at::Tensor& counters, const DropoutSite& site, int64_t channels,
                           const at::Tensor& like) {
  std::vector<int64_t> sizes = counters.sizes().vec();
  sizes.push_back(channels);
  at::Tensor factors = at::empty(sizes, like.options());
  if (!like.is_cpu())
    return factors.bernoulli_(1 - site.probability).mul_(1 / (1 - site.probability));
  const at::Tensor rows = counters.contiguous();
  AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "dropout_factors", [&] {
    at::parallel_for(0, rows.numel(), 256, [&](int64_t begin, int64_t end) {
      fill_rows(factors.mutable_data_ptr<scalar_t>(), rows.const_data_ptr<int64_t>(), begin, end,
                channels, site.site, site.threshold(), static_cast<scalar_t>(site.scale()));
    });
  });
  return factors;
}

at::Tensor dropout(const at::Tensor& x, const at::Tensor& counters, const DropoutSite& site) {
  if (site.threshold() == 0) return x;
  if (!x.is_cpu())
    return x * dropout_factors(counters, site, x.size(-1),
                               x);  // the mask is kept: it cannot be drawn again
  return Dropout::apply(x, counters, site.probability, static_cast<int64_t>(site.site));
}

}  // namespace penalmt
