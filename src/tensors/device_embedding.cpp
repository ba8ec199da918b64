#include "tensors/device_embedding.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "tensors/device_program.h"

namespace penalmt {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const int64_t* counters_of(const at::Tensor& counters, const DropoutSite& site) {
  return site.threshold() ? counters.const_data_ptr<int64_t>() : nullptr;
}

class DeviceEmbedding : public torch::autograd::Function<DeviceEmbedding> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& words,
                            const EmbeddedRows& rows, const Occurrences& occurrences,
                            const DropoutSite& site) {
    const int64_t count = rows.ids.numel(), channels = words.size(1);
    at::Tensor y = at::empty({1, count, channels}, words.options());
    launch_kernel(words.device(), "embed_rows", a_warp_each(count), words.const_data_ptr<float>(),
                  rows.ids.const_data_ptr<int64_t>(), rows.positions.const_data_ptr<float>(),
                  rows.places.const_data_ptr<int64_t>(), static_cast<float>(rows.scale),
                  counters_of(rows.counters, site), mix64(site.site), site.threshold(),
                  static_cast<float>(site.scale()), y.mutable_data_ptr<float>(), count, channels);
    context->save_for_backward(
        {occurrences.kinds, occurrences.starts, occurrences.order, rows.counters});
    context->saved_data["vocabulary"] = words.size(0);
    context->saved_data["scale"] = rows.scale;
    context->saved_data["probability"] = site.probability;
    context->saved_data["site"] = static_cast<int64_t>(site.site);
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const DropoutSite site{context->saved_data["probability"].toDouble(),
                           static_cast<uint64_t>(context->saved_data["site"].toInt())};
    const at::Tensor gradient = gradients[0].contiguous();
    const int64_t channels = gradient.size(-1), kinds = saved[0].numel();
    at::Tensor at_words =
        at::zeros({context->saved_data["vocabulary"].toInt(), channels}, gradient.options());
    launch_kernel(gradient.device(), "embed_rows_backward",
                  {.blocks = kinds, .threads = 256, .shared_bytes = 8 * 128 * sizeof(float)},
                  gradient.const_data_ptr<float>(), saved[0].const_data_ptr<int64_t>(),
                  saved[1].const_data_ptr<int64_t>(), saved[2].const_data_ptr<int64_t>(),
                  static_cast<float>(context->saved_data["scale"].toDouble()),
                  counters_of(saved[3], site), mix64(site.site), site.threshold(),
                  static_cast<float>(site.scale()), at_words.mutable_data_ptr<float>(), channels);
    return {at_words, {}, {}, {}};
  }
};

}  // namespace

at::Tensor device_embed(const EmbeddedRows& rows, const Occurrences& words,
                        const DropoutSite& site) {
  TORCH_CHECK(site.threshold() == 0 || rows.counters.defined(),
              "dropout in training needs the rows' counters");
  return DeviceEmbedding::apply(rows.words, rows, words, site);
}

}  // namespace penalmt
