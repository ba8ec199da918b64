// The attention of one new position for every open hypothesis through LibTorch's operators, for any
// device and floating type (on the CPU in float32: row_attention.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "models/incremental/row_attention.h"

namespace penalmt {

class TensorAttention {
 public:
  explicit TensorAttention(const StepAttentionShape& shape) : shape_(shape) {}

  // Begins with one row a sentence, in order, and no position. keys_values[l]: [M, 2 C], the memory
  // of layer l with the sentences one after the other, real positions only; sentence b has
  // lengths[b] of them.
  void start(std::vector<at::Tensor> keys_values, const std::vector<int64_t>& lengths);
  // Before the layers of a new position.
  void begin_position();
  // Layer l at the present position. qkv: [N, 3 C] queries, keys, values → [N, C]; keys and values
  // are kept.
  at::Tensor attend_self(int64_t layer, const at::Tensor& qkv);
  // query: [N, C] → [N, C].
  at::Tensor attend_memory(int64_t layer, const at::Tensor& query) const;
  // Row r goes on from what was row rows[r].
  void reorder(const std::vector<int64_t>& rows);

 private:
  // Each row's place in the stack of its sentence.
  void stack_rows();

  const StepAttentionShape shape_;
  std::vector<at::Tensor> memory_;  // [L] of [2, B, H, M, D]
  std::vector<at::Tensor> past_;    // [L] of [2, N, H, T in blocks, D]
  at::Tensor visible_;              // [B, 1, 1, M]
  std::vector<int64_t> sentence_;   // [N] the sentence of each row
  at::Tensor places_;               // [N] the row's place among [B * K]
  int64_t stack_ = 1;               // K: the most rows that a sentence has
  int64_t positions_ = 0;
};

}  // namespace penalmt
