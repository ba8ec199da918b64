// The attention of one new position for every open hypothesis: over the positions before it, whose
// keys and values are kept, and over the memory, whose keys and values are computed once for a
// sentence and shared by all of its hypotheses.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace penalmt {

struct StepAttentionShape {
  int64_t layers = 0, heads = 0, width = 0;
};

class StepAttention {
 public:
  virtual ~StepAttention() = default;

  // Begins with one row a sentence, in order, and no position. keys_values[l]: [M, 2 C], the memory
  // of layer l with the sentences one after the other, real positions only; sentence b has
  // lengths[b] of them.
  virtual void start(std::vector<at::Tensor> keys_values, const std::vector<int64_t>& lengths) = 0;
  // The same behind the rows that there are, whose positions go on; on the CPU in float32 alone.
  virtual void add(std::vector<at::Tensor> keys_values, const std::vector<int64_t>& lengths);
  // Before the layers of a new position.
  virtual void begin_position() = 0;
  // Layer l at the present position. qkv: [N, 3 C] queries, keys, values → [N, C]; keys and values
  // are kept.
  virtual void attend_self(int64_t layer, const at::Tensor& qkv, at::Tensor& out) = 0;
  // query: [N, C] → [N, C].
  virtual void attend_memory(int64_t layer, const at::Tensor& query, at::Tensor& out) = 0;
  // Row r goes on from what was row rows[r].
  virtual void reorder(const std::vector<int64_t>& rows) = 0;
};

// Kernels for float32 on the CPU. Nothing is copied when hypotheses are reordered: a row holds the
// list of the rows it came from.
std::unique_ptr<StepAttention> make_cpu_step_attention(const StepAttentionShape& shape);
// LibTorch's operators, for any device and floating type.
std::unique_ptr<StepAttention> make_tensor_step_attention(const StepAttentionShape& shape);

}  // namespace penalmt
