// The layers' parts: linear maps, attention, the feed-forward block, embeddings with positions.
#pragma once

#include <mutex>
#include <string>

#include "models/penal_connection.h"

namespace penalmt {

// y = x W^T + b. The weight is drawn from Glorot's uniform distribution as if it were `parts`
// square-cut matrices side by side.
class LinearImpl : public torch::nn::Module {
 public:
  LinearImpl(int64_t in, int64_t out, int64_t parts = 1, double gain = 1);
  at::Tensor forward(const at::Tensor& x);  // [.., in] → [.., out]

  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]
};
TORCH_MODULE(Linear);

// Multi-head attention of a sequence over itself (Vaswani et al., 2017, section 3.2).
class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(int64_t width, int64_t heads, double dropout);
  // x: [B, T, C]; visible: [B, 1, 1, T] bool, true where a query may look, undefined: everywhere →
  // [B, T, C]. Or packed: [1, N, C] → [1, N, C], without `visible`.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& visible, const Rows& rows);
  // x: [B, T, C] → [B, T, C]. Each position sees itself and those before it.
  at::Tensor causal(const at::Tensor& x, const Rows& rows);

  const int64_t heads;
  Linear in_projection;  // C → 3 C: queries, keys, values
  Linear out_projection;
  CounterDropout dropout;

 private:
  at::Tensor attention(const at::Tensor& x, const at::Tensor& visible, bool causal,
                       const Rows& rows);  // as forward() and causal()
};
TORCH_MODULE(SelfAttention);

// softmax(q k^T / sqrt(D)). q: [.., T, D]; k: [.., M, D]; visible: [.., T or 1, M] bool, true where
// a query may look, undefined: everywhere → [.., T, M].
at::Tensor attention_weights(const at::Tensor& q, const at::Tensor& k, const at::Tensor& visible);

// Multi-head attention of a sequence over a memory.
class CrossAttentionImpl : public torch::nn::Module {
 public:
  CrossAttentionImpl(int64_t width, int64_t heads, double dropout);
  // x: [B, T, C]; memory: [B, M, C]; visible: [B, 1, 1, M] bool, true where a query may look,
  // undefined: everywhere → [B, T, C].
  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const at::Tensor& visible,
                     const Rows& rows);
  // The same of packed sentences. x: [1, N, C]; memory: [1, M, C]; memory_starts: [B + 1] → [1, N,
  // C].
  at::Tensor packed(const at::Tensor& x, const at::Tensor& memory, const at::Tensor& memory_starts,
                    const Rows& rows);
  // x, memory, visible: as above. The weights it gives, mean over the heads, without dropout: [B,
  // T, M].
  at::Tensor weights(const at::Tensor& x, const at::Tensor& memory, const at::Tensor& visible);

  const int64_t heads;
  Linear query_projection;
  Linear memory_projection;  // C → 2 C: keys, values
  Linear out_projection;
  CounterDropout dropout;
};
TORCH_MODULE(CrossAttention);

class FeedForwardImpl : public torch::nn::Module {
 public:
  FeedForwardImpl(int64_t width, int64_t inner, Activation activation, double dropout);
  at::Tensor forward(const at::Tensor& x, const Rows& rows);  // [B, T, C] → [B, T, C]

  const Activation activation;
  Linear up, down;
  CounterDropout dropout;
};
TORCH_MODULE(FeedForward);

// [length, width] float64, as position_vectors.h says. `kind`: not learned.
at::Tensor computed_positions(PositionKind kind, int64_t length, int64_t width);

// The numbers of an embedding: normal with deviation C^-0.5, the padding row zero. [V, C]
at::Tensor new_embedding(int64_t vocabulary, int64_t width);

// Position vectors of a stack.
class PositionsImpl : public torch::nn::Module {
 public:
  PositionsImpl(PositionKind kind, int64_t longest, int64_t width);
  // [length, C]. Throws c10::Error where learned positions end before: callers refuse such
  // sentences beforehand.
  at::Tensor forward(int64_t length);
  // The same of that type and on that device, where they stay for the next time.
  at::Tensor forward(int64_t length, const at::TensorOptions& options);

 private:
  at::Tensor learned_;  // [longest, C], undefined where computed
  at::Tensor sines_;    // [512, C] float64; further positions are computed when asked for
  std::mutex mutex_;
  at::Tensor ready_;  // [at least 512, C] as they were last asked for
  PositionKind kind_;
  int64_t width_;
};
TORCH_MODULE(Positions);

// What tokens become: rows of a matrix, times a number.
struct ScaledEmbedding {
  const at::Tensor& matrix;  // [V, C]
  double scale = 1;
};

// dropout(words(embedding) * scale + positions): what enters a stack. `words` drops whole tokens.
// ids: [B, T] int64 → [B, T, C]; or packed, with [1, N].
at::Tensor embed(const at::Tensor& ids, const ScaledEmbedding& embedding, PositionsImpl& positions,
                 CounterDropoutImpl& words, CounterDropoutImpl& dropout, const Rows& rows);

}  // namespace penalmt
