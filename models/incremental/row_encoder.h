// The text encoder on the CPU in float32, without LibTorch: sentences behind one another, without
// padding.
#pragma once

#include <cstdint>
#include <vector>

#include "models/incremental/row_layers.h"
#include "tensors/attention_kernels.h"

namespace penalmt {

// One batch after the other; buffers are used again. Not for two threads at once.
class RowEncoder {
 public:
  // Heads as the kernel takes them (attention_kernels.h): their depth is a multiple of 16.
  // The weights must outlive it.
  explicit RowEncoder(const RowStack& weights);
  explicit RowEncoder(RowStack&&) = delete;

  // tokens: of all sentences, one after the other; lengths: of each. Returns the states [N, C] in
  // the same order, valid until the next call. What a sentence gives does not depend on the others.
  const float* encode(const std::vector<int>& tokens, const std::vector<int64_t>& lengths);

 private:
  // qkv: [N, 3 C] → out: [N, C].
  void attend(const float* qkv, const std::vector<int64_t>& lengths, float* out);

  const RowStack& weights_;
  RowPositions positions_;
  RowBuffer states_, normed_, wide_, mixed_, branch_, inner_;
  std::vector<float> scratch_;
  std::vector<SoftmaxRow> softmax_;
};

}  // namespace penalmt
