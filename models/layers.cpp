#include "models/layers.h"

#include <torch/torch.h>

#include <cmath>

#include "models/position_vectors.h"
#include "tensors/device_embedding.h"
#include "tensors/linear.h"
#include "tensors/packed_attention.h"

namespace penalmt {

at::Tensor attention_weights(const at::Tensor& q, const at::Tensor& k, const at::Tensor& visible) {
  at::Tensor scores =
      at::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(q.size(-1)));
  if (visible.defined())
    scores = scores.masked_fill(~visible, -std::numeric_limits<double>::infinity());
  return at::softmax(scores, -1);
}

namespace {

struct Heads {
  at::Tensor q, k, v;  // [B, H, T, D], [B, H, M, D], [B, H, M, D]
};

// softmax(q k^T / sqrt(D)) v with dropout on the weights → [B, T, C]. The kernel of LibTorch serves
// where no weight is dropped; its own dropout would not be drawn from counters.
at::Tensor attend(const Heads& inputs, const at::Tensor& visible, bool causal,
                  CounterDropoutImpl& dropout, const Rows& rows) {
  const auto& [q, k, v] = inputs;
  const int64_t heads = q.size(1), queries = q.size(2), keys = k.size(2);
  at::Tensor y;  // [B, H, T, D]
  const DropoutSite site = dropout.active_site();
  if (site.threshold() == 0) {
    y = at::scaled_dot_product_attention(
        q, k, v, visible.defined() ? std::optional<at::Tensor>(visible) : std::nullopt, 0.0,
        causal);
  } else {
    const at::Tensor may_look =
        causal ? at::ones({queries, keys},
                          visible.defined() ? visible.options() : q.options().dtype(at::kBool))
                     .tril()
               : visible;
    // One draw a (query, head, key): the query's counter, heads * keys channels.
    const at::Tensor factors = dropout_factors(rows.counters, site, heads * keys, q)
                                   .view({q.size(0), queries, heads, keys})
                                   .transpose(1, 2);
    y = at::matmul(attention_weights(q, k, may_look) * factors, v);
  }
  return y.transpose(1, 2).flatten(2);
}

at::Tensor split_heads(const at::Tensor& x, int64_t heads) {  // [B, T, C] → [B, H, T, D]
  return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

}  // namespace

LinearImpl::LinearImpl(int64_t in, int64_t out, int64_t parts, double gain) {
  const double bound = gain * std::sqrt(6.0 / static_cast<double>(in + out / parts));
  weight = register_parameter("weight", at::empty({out, in}).uniform_(-bound, bound));
  bias = register_parameter("bias", at::zeros({out}));
}

at::Tensor LinearImpl::forward(const at::Tensor& x) { return linear(x, weight, bias); }

// Queries, keys and values start smaller by sqrt(2), as if the three were one Glorot matrix
// (fairseq's start).
SelfAttentionImpl::SelfAttentionImpl(int64_t width, int64_t heads_, double dropout_)
    : heads(heads_),
      in_projection(register_module("in_projection", Linear(width, 3 * width, 3, M_SQRT1_2))),
      out_projection(register_module("out_projection", Linear(width, width))),
      dropout(register_module("dropout", CounterDropout(dropout_))) {}

at::Tensor SelfAttentionImpl::forward(const at::Tensor& x, const at::Tensor& visible,
                                      const Rows& rows) {
  return attention(x, visible, /*causal=*/false, rows);
}

at::Tensor SelfAttentionImpl::causal(const at::Tensor& x, const Rows& rows) {
  return attention(x, {}, /*causal=*/true, rows);
}

at::Tensor SelfAttentionImpl::attention(const at::Tensor& x, const at::Tensor& visible, bool causal,
                                        const Rows& rows) {
  if (rows.spans.packed())
    return out_projection(
        packed_self_attention(in_projection(for_products(x)), rows.spans.starts, heads, causal));
  const auto qkv = in_projection(x)
                       .view({x.size(0), x.size(1), 3, heads, -1})
                       .permute({2, 0, 3, 1, 4})
                       .unbind(0);
  return out_projection(attend({qkv[0], qkv[1], qkv[2]}, visible, causal, *dropout, rows));
}

CrossAttentionImpl::CrossAttentionImpl(int64_t width, int64_t heads_, double dropout_)
    : heads(heads_),
      query_projection(register_module("query_projection", Linear(width, width, 1, M_SQRT1_2))),
      memory_projection(
          register_module("memory_projection", Linear(width, 2 * width, 2, M_SQRT1_2))),
      out_projection(register_module("out_projection", Linear(width, width))),
      dropout(register_module("dropout", CounterDropout(dropout_))) {}

at::Tensor CrossAttentionImpl::forward(const at::Tensor& x, const at::Tensor& memory,
                                       const at::Tensor& visible, const Rows& rows) {
  const at::Tensor q = split_heads(query_projection(x), heads);
  const auto kv = memory_projection(memory)
                      .view({memory.size(0), memory.size(1), 2, heads, -1})
                      .permute({2, 0, 3, 1, 4})
                      .unbind(0);
  return out_projection(attend({q, kv[0], kv[1]}, visible, false, *dropout, rows));
}

at::Tensor CrossAttentionImpl::packed(const at::Tensor& x, const at::Tensor& memory,
                                      const at::Tensor& memory_starts, const Rows& rows) {
  return out_projection(packed_cross_attention(query_projection(for_products(x)),
                                               memory_projection(for_products(memory)),
                                               rows.spans.starts, memory_starts, heads));
}

at::Tensor CrossAttentionImpl::weights(const at::Tensor& x, const at::Tensor& memory,
                                       const at::Tensor& visible) {
  const at::Tensor keys = memory_projection(memory).chunk(2, -1)[0];
  return attention_weights(split_heads(query_projection(x), heads), split_heads(keys, heads),
                           visible)
      .mean(1);
}

namespace {

at::Tensor activated(Activation activation, const at::Tensor& x) {
  if (activation == Activation::kSilu) return at::silu(x);
  return activation == Activation::kRelu ? at::relu(x) : at::gelu(x);
}

}  // namespace

FeedForwardImpl::FeedForwardImpl(int64_t width, int64_t inner, Activation activation_,
                                 double dropout_)
    : activation(activation_),
      up(register_module("up", Linear(width, inner))),
      down(register_module("down", Linear(inner, width))),
      dropout(register_module("dropout", CounterDropout(dropout_))) {}

at::Tensor FeedForwardImpl::forward(const at::Tensor& x, const Rows& rows) {
  // Dropout's kernel is of floats.
  const bool drops = dropout->active_site().threshold() != 0;
  const at::Tensor inner = up(drops ? x : for_products(x));  // [B, T, inner]
  return down(dropout(activated(activation, inner), rows));
}

at::Tensor computed_positions(PositionKind kind, int64_t length, int64_t width) {
  return at::tensor(position_vectors(kind, length, width), at::kDouble).view({length, width});
}

at::Tensor new_embedding(int64_t vocabulary, int64_t width) {
  at::Tensor embedding =
      at::empty({vocabulary, width}).normal_(0, 1 / std::sqrt(static_cast<double>(width)));
  embedding[0].zero_();  // padding
  return embedding;
}

PositionsImpl::PositionsImpl(PositionKind kind, int64_t longest, int64_t width)
    : kind_(kind), width_(width) {
  if (kind != PositionKind::kLearned)
    sines_ = computed_positions(kind, 512, width);
  else
    learned_ = register_parameter(
        "weight",
        at::empty({longest, width}).normal_(0, 1 / std::sqrt(static_cast<double>(width))));
}

at::Tensor PositionsImpl::forward(int64_t length) {
  if (learned_.defined()) return learned_.narrow(0, 0, length);
  return length <= sines_.size(0) ? sines_.narrow(0, 0, length)
                                  : computed_positions(kind_, length, width_);
}

at::Tensor PositionsImpl::forward(int64_t length, const at::TensorOptions& options) {
  if (learned_.defined()) return learned_.narrow(0, 0, length);
  const std::lock_guard lock(mutex_);
  if (!ready_.defined() || ready_.size(0) < length ||
      ready_.scalar_type() != c10::typeMetaToScalarType(options.dtype()) ||
      ready_.device() != options.device())
    ready_ = forward(std::max<int64_t>(length, sines_.size(0))).to(options);
  return ready_.narrow(0, 0, length);
}

at::Tensor embed(const at::Tensor& ids, const ScaledEmbedding& scaled, PositionsImpl& positions,
                 CounterDropoutImpl& words, CounterDropoutImpl& dropout, const Rows& rows) {
  const auto& [embedding, scale] = scaled;
  const Spans& spans = rows.spans;
  at::Tensor position =
      positions.forward(spans.packed() ? spans.longest : ids.size(1), embedding.options());
  if (rows.words.order.defined() && !position.requires_grad() && !words.drops_rows(rows) &&
      embedding.scalar_type() == at::kFloat)
    return device_embed({embedding, ids, position, spans.positions, scale, rows.counters},
                        rows.words, dropout.active_site());
  if (spans.packed()) position = position.index_select(0, spans.positions);
  const at::Tensor tokens = words.cut_rows(
      words.whole_rows(at::embedding(embedding, ids, /*padding_idx=*/0), rows), rows);
  return dropout.forward(at::add(position, tokens, scale), rows);
}

}  // namespace penalmt
