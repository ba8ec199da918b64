#include "tensors/packed_attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "tensors/attention_kernels.h"
#include "tensors/device_program.h"

namespace penalmt {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kLongestDeviceHead = 128;  // kLongestHead of device_kernels.cu
constexpr int64_t kUnitsAtOnce = 8;          // heads of sentences that a thread takes at least

// Rows of C numbers, all heads beside each other, in a tensor of whole rows.
struct PackedRows {
  char* data;
  int64_t stride, bytes;  // of a row in numbers, of a number

  // columns: where the rows begin in x's.
  static PackedRows in(const at::Tensor& x, int64_t columns) {
    const int64_t bytes = x.element_size();
    return {static_cast<char*>(x.data_ptr()) + columns * bytes, x.size(-1), bytes};
  }
  HeadRows of(int64_t row, int64_t head, int64_t depth) const {
    return {data + (row * stride + head * depth) * bytes, stride};
  }
};

struct PackedAttention {
  const int64_t *starts, *memory_starts;
  int64_t sentences, heads, depth;
  bool causal, narrow;

  // use(shape, first query, first key, head, scratch) for every head of every sentence that has
  // queries and keys.
  template <class Use>
  void each(const Use& use) const {
    const AttentionKernels& kernels = attention_kernels();
    at::parallel_for(0, sentences * heads, kUnitsAtOnce, [&](int64_t begin, int64_t end) {
      std::vector<float> scratch;
      for (int64_t unit = begin; unit < end; ++unit) {
        const int64_t b = unit / heads;
        const HeadShape shape{starts[b + 1] - starts[b], memory_starts[b + 1] - memory_starts[b],
                              depth, causal, narrow};
        if (shape.queries == 0) continue;
        scratch.resize(std::max<size_t>(scratch.size(), kernels.scratch_floats(shape)));
        use(shape, starts[b], memory_starts[b], unit % heads, scratch.data());
      }
    });
  }
};

// q, k, v: columns of `queries`, `memory`, `memory`.
struct Places {
  int64_t q, k, v;
};

PackedAttention attention_over(const at::Tensor& x, int64_t width, const at::Tensor& starts,
                               const at::Tensor& memory_starts, int64_t heads, bool causal) {
  return {starts.const_data_ptr<int64_t>(),
          memory_starts.const_data_ptr<int64_t>(),
          starts.numel() - 1,
          heads,
          width / heads,
          causal,
          x.scalar_type() == at::kBFloat16};
}

// One number of a row, where q, k or v begin.
void* column(const at::Tensor& x, int64_t columns) {
  return static_cast<char*>(x.mutable_data_ptr()) + columns * x.element_size();
}

// A block of eight warps a head of a sentence, with two tiles of 32 rows, and two rows and two
// lines of weights a warp (HeadBlock in device_kernels.cu).
LaunchShape device_shape(const PackedAttention& attention) {
  constexpr int64_t kWarps = 8, kLanes = 32, kRowGap = 4;
  const int64_t depth = attention.depth;
  return {
      .blocks = attention.sentences * attention.heads,
      .threads = kWarps * kLanes,
      .shared_bytes = (2 * kLanes * (depth + kRowGap) + 2 * kWarps * depth + 2 * kWarps * kLanes) *
                      static_cast<int64_t>(sizeof(float)),
      .head_depth = static_cast<int>(depth)};
}

struct AttentionInputs {
  const at::Tensor &queries, &memory;
  Places at;
  PackedAttention attention;
};

// What the backward pass needs of the forward pass.
struct AttentionOutputs {
  at::Tensor out;      // [1, N, C]
  at::Tensor softmax;  // [N, heads, 2] a SoftmaxRow each
};

struct AttentionGradients {
  const at::Tensor &out, &queries, &memory;
};

// use(head with its inputs, first query, first key, which head, scratch), on the CPU.
template <class Use>
void each_head(const AttentionInputs& inputs, const at::Tensor& softmax, const Use& use) {
  const int64_t heads = inputs.attention.heads, depth = inputs.attention.depth;
  auto* kept = static_cast<SoftmaxRow*>(softmax.data_ptr());
  const PackedRows q = PackedRows::in(inputs.queries, inputs.at.q),
                   k = PackedRows::in(inputs.memory, inputs.at.k),
                   v = PackedRows::in(inputs.memory, inputs.at.v);
  inputs.attention.each(
      [&](const HeadShape& shape, int64_t row, int64_t key, int64_t h, float* scratch) {
        use(PackedHead{shape, q.of(row, h, depth), k.of(key, h, depth), v.of(key, h, depth),
                       kept + row * heads + h, heads},
            row, key, h, scratch);
      });
}

AttentionOutputs attend_forward(const AttentionInputs& inputs) {
  const PackedAttention& attention = inputs.attention;
  const at::Tensor &queries = inputs.queries, &memory = inputs.memory;
  const int64_t heads = attention.heads, width = heads * attention.depth, rows = queries.size(1);
  const Places& at = inputs.at;
  AttentionOutputs result{at::empty({1, rows, width}, queries.options()),
                          at::empty({rows, heads, 2}, queries.options().dtype(at::kFloat))};
  if (!queries.is_cpu()) {
    launch_kernel(queries.device(), kernel_for("attention", queries.scalar_type()),
                  device_shape(attention), column(queries, at.q), column(memory, at.k),
                  column(memory, at.v), queries.size(-1), memory.size(-1), column(result.out, 0),
                  width, result.softmax.mutable_data_ptr<float>(), attention.starts,
                  attention.memory_starts, heads, static_cast<int>(attention.depth),
                  static_cast<int>(attention.causal));
    return result;
  }
  const PackedRows out = PackedRows::in(result.out, 0);
  each_head(inputs, result.softmax,
            [&](const PackedHead& head, int64_t row, int64_t /*key*/, int64_t h, float* scratch) {
              attention_kernels().forward(head, out.of(row, h, head.shape.depth), scratch);
            });
  return result;
}

void device_attend_backward(const AttentionInputs& inputs, const AttentionOutputs& outputs,
                            const AttentionGradients& gradients) {
  const PackedAttention& attention = inputs.attention;
  const at::Tensor &queries = inputs.queries, &memory = inputs.memory;
  const Places& at = inputs.at;
  const int64_t heads = attention.heads, width = heads * attention.depth, rows = queries.size(1);
  const at::Tensor deltas = at::empty({rows, heads}, outputs.softmax.options());
  auto* softmax = outputs.softmax.mutable_data_ptr<float>();
  const int depth = static_cast<int>(attention.depth), causal = static_cast<int>(attention.causal);
  const auto type = queries.scalar_type();
  launch_kernel(queries.device(), kernel_for("attention_queries", type), device_shape(attention),
                column(queries, at.q), column(memory, at.k), column(memory, at.v), queries.size(-1),
                memory.size(-1), column(outputs.out, 0), column(gradients.out, 0), width, softmax,
                deltas.mutable_data_ptr<float>(), column(gradients.queries, at.q), attention.starts,
                attention.memory_starts, heads, depth, causal);
  launch_kernel(queries.device(), kernel_for("attention_keys", type), device_shape(attention),
                column(queries, at.q), column(memory, at.k), column(memory, at.v), queries.size(-1),
                memory.size(-1), column(gradients.out, 0), width, softmax,
                deltas.mutable_data_ptr<float>(), column(gradients.memory, at.k),
                column(gradients.memory, at.v), attention.starts, attention.memory_starts, heads,
                depth, causal);
}

void attend_backward(const AttentionInputs& inputs, const AttentionOutputs& outputs,
                     const AttentionGradients& gradients) {
  if (!inputs.queries.is_cpu()) return device_attend_backward(inputs, outputs, gradients);
  const PackedRows out = PackedRows::in(gradients.out, 0),
                   q = PackedRows::in(gradients.queries, inputs.at.q),
                   k = PackedRows::in(gradients.memory, inputs.at.k),
                   v = PackedRows::in(gradients.memory, inputs.at.v);
  each_head(inputs, outputs.softmax,
            [&](const PackedHead& head, int64_t row, int64_t key, int64_t h, float* scratch) {
              const int64_t depth = head.shape.depth;
              attention_kernels().backward(head,
                                           {out.of(row, h, depth), q.of(row, h, depth),
                                            k.of(key, h, depth), v.of(key, h, depth)},
                                           scratch);
            });
}

class PackedSelfAttention : public torch::autograd::Function<PackedSelfAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv,
                            const at::Tensor& starts, int64_t heads, bool causal) {
    const at::Tensor all = qkv.contiguous();
    const int64_t width = all.size(-1) / 3;
    const auto [out, softmax] =
        attend_forward({all,
                        all,
                        {0, width, 2 * width},
                        attention_over(all, width, starts, starts, heads, causal)});
    context->save_for_backward({all, starts, softmax, out});
    context->saved_data["heads"] = heads;
    context->saved_data["causal"] = causal;
    return out;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& all = saved[0];
    const int64_t width = all.size(-1) / 3;
    at::Tensor gradient = at::empty_like(all);
    const PackedAttention attention =
        attention_over(all, width, saved[1], saved[1], context->saved_data["heads"].toInt(),
                       context->saved_data["causal"].toBool());
    attend_backward({all, all, {0, width, 2 * width}, attention}, {saved[3], saved[2]},
                    {gradients[0].contiguous(), gradient, gradient});
    return {gradient, {}, {}, {}};
  }
};

class PackedCrossAttention : public torch::autograd::Function<PackedCrossAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& kv,
                            const at::Tensor& starts, const at::Tensor& memory_starts,
                            int64_t heads) {
    const at::Tensor queries = q.contiguous(), memory = kv.contiguous();
    const int64_t width = queries.size(-1);
    const auto [out, softmax] =
        attend_forward({queries,
                        memory,
                        {0, 0, width},
                        attention_over(queries, width, starts, memory_starts, heads, false)});
    context->save_for_backward({queries, memory, starts, memory_starts, softmax, out});
    context->saved_data["heads"] = heads;
    return out;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const int64_t width = saved[0].size(-1);
    at::Tensor gradient_q = at::empty_like(saved[0]), gradient_kv = at::empty_like(saved[1]);
    const PackedAttention attention = attention_over(saved[0], width, saved[2], saved[3],
                                                     context->saved_data["heads"].toInt(), false);
    attend_backward({saved[0], saved[1], {0, 0, width}, attention}, {saved[5], saved[4]},
                    {gradients[0].contiguous(), gradient_q, gradient_kv});
    return {gradient_q, gradient_kv, {}, {}, {}};
  }
};

}  // namespace

bool attention_kernel_takes(const at::Tensor& x, int64_t depth) {
  return (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && depth % 16 == 0 &&
         (x.is_cpu() || depth <= kLongestDeviceHead);
}

at::Tensor packed_self_attention(const at::Tensor& qkv, const at::Tensor& starts, int64_t heads,
                                 bool causal) {
  return PackedSelfAttention::apply(qkv, starts, heads, causal);
}

at::Tensor packed_cross_attention(const at::Tensor& q, const at::Tensor& kv,
                                  const at::Tensor& starts, const at::Tensor& memory_starts,
                                  int64_t heads) {
  return PackedCrossAttention::apply(q, kv, starts, memory_starts, heads);
}

}  // namespace penalmt
