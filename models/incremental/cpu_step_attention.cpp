// Where a row's past lies. Every position has a slab, one entry (key, value) for each row that was
// open then; a row's path names its entry in each slab. Two hypotheses that came from one share the
// entries before they parted:
//
//   slab 0: [a]   slab 1: [b c]   slab 2: [d e f]        row 0 = a b d   path 0 0 0
//                                                        row 1 = a b e   path 0 0 1
//                                                        row 2 = a c f   path 0 1 2
//
// A reorder copies paths (4 bytes a position), never keys or values.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "models/incremental/step_attention.h"
#include "tensors/row_kernels.h"

namespace penalmt {
namespace {

class CpuStepAttention : public StepAttention {
 public:
  explicit CpuStepAttention(const StepAttentionShape& shape)
      : shape_(shape),
        heads_{shape.heads, shape.width / shape.heads, shape.width,
               1.0f / std::sqrt(static_cast<float>(shape.width / shape.heads))} {}

  void start(std::vector<at::Tensor> keys_values, const std::vector<int64_t>& lengths) override {
    memory_ = std::move(keys_values);
    lengths_ = lengths;
    first_memory_.clear();
    first_key_.clear();
    int64_t memory = 0, keys = 0;
    longest_memory_ = 0;
    for (int64_t length : lengths) {
      first_memory_.push_back(memory);
      first_key_.push_back(keys);
      memory += length;
      keys += padded_positions(length) * shape_.width;
      longest_memory_ = std::max(longest_memory_, length);
    }
    memory_keys_.resize(shape_.layers);
    for (int64_t l = 0; l < shape_.layers; ++l) {
      memory_keys_[l].resize(keys);
      turn_keys(memory_[l].const_data_ptr<float>(), memory_keys_[l].data());
    }
    sentence_.resize(lengths.size());
    for (size_t b = 0; b < lengths.size(); ++b) sentence_[b] = static_cast<int64_t>(b);
    paths_.assign(lengths.size(), {});
    slab_rows_.clear();
  }

  void begin_position() override {
    const int64_t rows = static_cast<int64_t>(sentence_.size());
    const size_t position = slab_rows_.size();
    slab_rows_.push_back(rows);
    if (slabs_.size() <= position)
      slabs_.emplace_back();  // slabs of the batch before are used again
    const size_t needed = shape_.layers * rows * 2 * shape_.width;
    if (slabs_[position].size() < needed) slabs_[position].resize(needed);
    for (int64_t r = 0; r < rows; ++r) paths_[r].push_back(static_cast<int32_t>(r));
  }

  void attend_self(int64_t layer, const at::Tensor& qkv, at::Tensor& out) override {
    const int64_t width = shape_.width, rows = qkv.size(0),
                  positions = static_cast<int64_t>(slab_rows_.size());
    const float* from = qkv.const_data_ptr<float>();
    float* to = out.mutable_data_ptr<float>();
    std::vector<const float*> starts(positions);  // this layer's part of each slab
    for (int64_t t = 0; t < positions; ++t)
      starts[t] = slabs_[t].data() + layer * slab_rows_[t] * 2 * width;
    float* newest = slabs_[positions - 1].data() + layer * rows * 2 * width;
    at::parallel_for(0, rows, 32, [&](int64_t begin, int64_t end) {
      std::vector<const float*> keys(positions);
      std::vector<float> scores(padded_positions(positions) + kPositionsAtOnce);
      for (int64_t r = begin; r < end; ++r) {
        std::copy_n(from + r * 3 * width + width, 2 * width, newest + r * 2 * width);
        for (int64_t t = 0; t < positions; ++t) keys[t] = starts[t] + paths_[r][t] * 2 * width;
        kernels_.attend_row_self(heads_, from + r * 3 * width, keys.data(), positions,
                                 scores.data(), to + r * width);
      }
    });
  }

  void attend_memory(int64_t layer, const at::Tensor& query, at::Tensor& out) override {
    const int64_t width = shape_.width, rows = query.size(0);
    const float* from = query.const_data_ptr<float>();
    const float* memory = memory_[layer].const_data_ptr<float>();
    const float* keys = memory_keys_[layer].data();
    float* to = out.mutable_data_ptr<float>();
    at::parallel_for(0, rows, 32, [&](int64_t begin, int64_t end) {
      std::vector<float> scores(padded_positions(longest_memory_));
      for (int64_t r = begin; r < end; ++r) {
        const int64_t b = sentence_[r];
        kernels_.attend_row_memory(
            heads_, from + r * width,
            {keys + first_key_[b], memory + first_memory_[b] * 2 * width + width, 2 * width,
             lengths_[b]},
            scores.data(), to + r * width);
      }
    });
  }

  void reorder(const std::vector<int64_t>& rows) override {
    std::vector<int64_t> sentence;
    std::vector<std::vector<int32_t>> paths;
    sentence.reserve(rows.size());
    paths.reserve(rows.size());
    for (int64_t row : rows) {
      sentence.push_back(sentence_[row]);
      paths.push_back(paths_[row]);
    }
    sentence_ = std::move(sentence);
    paths_ = std::move(paths);
  }

 private:
  // [M, 2 C] keys and values → for each sentence the keys as [C, padded_positions(length)], zeros
  // at the end.
  void turn_keys(const float* keys_values, float* turned) const {
    for (size_t b = 0; b < lengths_.size(); ++b) {
      const int64_t padded = padded_positions(lengths_[b]);
      const float* from = keys_values + first_memory_[b] * 2 * shape_.width;
      float* to = turned + first_key_[b];
      for (int64_t c = 0; c < shape_.width; ++c) {
        for (int64_t m = 0; m < lengths_[b]; ++m)
          to[c * padded + m] = from[m * 2 * shape_.width + c];
        std::fill(to + c * padded + lengths_[b], to + (c + 1) * padded, 0.0f);
      }
    }
  }

  const StepAttentionShape shape_;
  const AttentionHeads heads_;
  const RowKernels& kernels_ = row_kernels();
  std::vector<at::Tensor> memory_;                           // [L] of [M, 2 C]
  std::vector<std::vector<float>> memory_keys_;              // [L]
  std::vector<int64_t> lengths_, first_memory_, first_key_;  // [B]
  int64_t longest_memory_ = 0;
  std::vector<int64_t> sentence_;            // [N] the sentence of each row
  std::vector<std::vector<int32_t>> paths_;  // [N][T]
  std::vector<std::vector<float>> slabs_;    // [T] of [L, rows then, 2 C]
  std::vector<int64_t> slab_rows_;           // [T]
};

}  // namespace

std::unique_ptr<StepAttention> make_cpu_step_attention(const StepAttentionShape& shape) {
  return std::make_unique<CpuStepAttention>(shape);
}

}  // namespace penalmt
