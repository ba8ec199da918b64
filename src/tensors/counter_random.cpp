#include "tensors/counter_random.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <torch/csrc/autograd/custom_function.h>

#include "tensors/device_program.h"
#include "tensors/dropout_bits.h"

namespace penalmt {
namespace {

// Two overloads instead of a template: function versions cannot be templates.
PENALMT_CLONES void fill_rows(float* factors, const int64_t* counters, int64_t rows,
                              int64_t channels, const DropoutSite& site) {
  const uint32_t threshold = site.threshold();
  const float scale = static_cast<float>(site.scale());
  for (int64_t row = 0; row < rows; ++row)
    fill_factors(factors + row * channels, channels, row_key(counters[row], site.site), threshold,
                 scale);
}
PENALMT_CLONES void fill_rows(double* factors, const int64_t* counters, int64_t rows,
                              int64_t channels, const DropoutSite& site) {
  const uint32_t threshold = site.threshold();
  const double scale = site.scale();
  for (int64_t row = 0; row < rows; ++row)
    fill_factors(factors + row * channels, channels, row_key(counters[row], site.site), threshold,
                 scale);
}

// x, or ones where it is undefined, times the factors, by a kernel of the GPU that `counters` lie
// on.
at::Tensor device_dropout(const at::Tensor& x, const at::Tensor& counters, const DropoutSite& site,
                          int64_t channels) {
  const at::Tensor rows = counters.contiguous();
  const at::Tensor from = x.defined() ? x.contiguous() : x;
  std::vector<int64_t> sizes = counters.sizes().vec();
  sizes.push_back(channels);
  at::Tensor out = at::empty(sizes, counters.options().dtype(at::kFloat));
  const int64_t count = out.numel();
  launch_kernel(counters.device(), "dropout_rows", {.blocks = (count + 255) / 256, .threads = 256},
                from.defined() ? from.const_data_ptr<float>() : nullptr,
                rows.const_data_ptr<int64_t>(), mix64(site.site), site.threshold(),
                static_cast<float>(site.scale()), out.mutable_data_ptr<float>(), rows.numel(),
                channels);
  return out;
}

// x times its factors. x: [.., C]
at::Tensor dropped(const at::Tensor& x, const at::Tensor& counters, const DropoutSite& site) {
  if (!x.is_cpu() && x.scalar_type() == at::kFloat)
    return device_dropout(x, counters, site, x.size(-1));
  return x * dropout_factors(counters, site, x.size(-1), x);
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
    return dropped(x, counters, {probability, static_cast<uint64_t>(site)});
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const DropoutSite site{context->saved_data["probability"].toDouble(),
                           static_cast<uint64_t>(context->saved_data["site"].toInt())};
    return {dropped(gradients[0], context->get_saved_variables()[0], site), {}, {}, {}};
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
  if (!like.is_cpu()) return device_dropout({}, counters, site, channels).to(like.scalar_type());
  std::vector<int64_t> sizes = counters.sizes().vec();
  sizes.push_back(channels);
  at::Tensor factors = at::empty(sizes, like.options());
  const at::Tensor rows = counters.contiguous();
  AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "dropout_factors", [&] {
    at::parallel_for(0, rows.numel(), 256, [&](int64_t begin, int64_t end) {
      fill_rows(factors.mutable_data_ptr<scalar_t>() + begin * channels,
                rows.const_data_ptr<int64_t>() + begin, end - begin, channels, site);
    });
  });
  return factors;
}

at::Tensor dropout(const at::Tensor& x, const at::Tensor& counters, const DropoutSite& site) {
  if (site.threshold() == 0) return x;
  return Dropout::apply(x, counters, site.probability, static_cast<int64_t>(site.site));
}

}  // namespace penalmt
