// The attention of one new position for every open hypothesis, on the CPU in float32, without
// LibTorch: over the positions before it, whose keys and values are kept, and over the memory,
// whose keys and values are computed once for a sentence and shared by all of its hypotheses.
// Nothing is copied when hypotheses are reordered: a row holds the list of the rows it came from.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "tensors/row_kernels.h"

namespace penalmt {

struct StepAttentionShape {
  int64_t layers = 0, heads = 0, width = 0;
};

class RowAttention {
 public:
  explicit RowAttention(const StepAttentionShape& shape);

  // No row is left.
  void clear() { rows_.clear(); }
  // One row a sentence, in order, without a position, behind the rows that there are, whose
  // positions go on. keys_values[l]: [M, 2 C], the memory of layer l with the sentences one after
  // the other; sentence b has lengths[b] of them.
  void add(std::vector<std::vector<float>> keys_values, const std::vector<int64_t>& lengths);
  // Before the layers of a new position.
  void begin_position();
  // Layer l at the present position. qkv: [N, 3 C] queries, keys, values → out: [N, C]; keys and
  // values are kept.
  void attend_self(int64_t layer, const float* qkv, float* out);
  // query: [N, C] → out: [N, C].
  void attend_memory(int64_t layer, const float* query, float* out) const;
  // Row r goes on from what was row rows[r].
  void reorder(const std::vector<int64_t>& rows);

 private:
  // Of sentences that were added together.
  struct Memory {
    std::vector<std::vector<float>> keys_values;  // [L] of [M, 2 C]
    std::vector<std::vector<float>> keys;         // [L], as turn_keys leaves them
  };
  struct Place {
    int64_t first, first_key, length;  // the sentence's positions, and where its keys begin
  };
  struct Row {
    std::shared_ptr<const Memory> memory;
    Place place;
    int64_t first_step;  // the slab that the path begins with
    std::vector<int32_t> path;
  };
  struct Slab {
    int64_t rows;
    std::vector<float> numbers;  // [L, rows, 2 C], or more
  };

  // [M, 2 C] keys and values → of one sentence the keys as [C, padded_positions(length)], zeros at
  // the end.
  void turn_keys(const float* keys_values, const Place& place, float* turned) const;

  const StepAttentionShape shape_;
  const AttentionHeads heads_;
  const RowKernels& kernels_ = row_kernels();
  std::vector<Row> rows_;                  // [N]
  int64_t step_ = 0;                       // slabs that there were so far
  std::deque<Slab> slabs_;                 // the last of them
  std::vector<std::vector<float>> spare_;  // memory of slabs that are no more
};

}  // namespace penalmt
