// Where a row's past lies. Every position has a slab, one entry (key, value) for each row that was open then; a row's path names
// its entry in each slab. Two hypotheses that came from one share the entries before they parted:
//
//   slab 0: [a]   slab 1: [b c]   slab 2: [d e f]        row 0 = a b d   path 0 0 0
//                                                        row 1 = a b e   path 0 0 1
//                                                        row 2 = a c f   path 0 1 2
//
// A reorder copies paths (4 bytes a position), never keys or values.
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "models/step_attention.h"
#include "tensors/simd.h"

namespace penalmt {
namespace {

using simd::kLanes;

int64_t round_up(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// scores[0..n) → their softmax; the lanes from n to the next multiple of 16 are scratch, and 0 afterwards.
PENALMT_INLINE void softmax(float* scores, int64_t n) {
  using namespace simd;
  for (int64_t i = n; i % kLanes != 0; ++i) scores[i] = -1e30f;
  Floats top = load(scores);
  for (int64_t i = kLanes; i < n; i += kLanes) top = larger(top, load(scores + i));
  const Floats shift = all(largest(top));
  Floats total = {};
  for (int64_t i = 0; i < n; i += kLanes) {
    const Floats e = exp_of_negative(load(scores + i) - shift);
    store(scores + i, e);
    total += e;
  }
  const Floats factor = all(1.0f / sum(total));
  for (int64_t i = 0; i < n; i += kLanes) store(scores + i, load(scores + i) * factor);
}

// One head over the entries at `keys`, each of `depth` = 16 * kVectors floats; the values lie `value_offset` floats further.
template <int kVectors>
PENALMT_INLINE void attend_entries(const float* query, const float* const* keys, int64_t offset, int64_t value_offset, int64_t n,
                                   float scale, float* scores, float* out) {
  using namespace simd;
  Floats q[kVectors];
  for (int v = 0; v < kVectors; ++v) q[v] = load(query + v * kLanes) * scale;
  for (int64_t t = 0; t < n; t += 4) {
    Floats products[4];
    for (int64_t i = 0; i < 4; ++i) {
      const float* key = keys[std::min(t + i, n - 1)] + offset;
      products[i] = q[0] * load(key);
      for (int v = 1; v < kVectors; ++v) products[i] += q[v] * load(key + v * kLanes);
    }
    sum_four(products[0], products[1], products[2], products[3], scores + t);
  }
  softmax(scores, n);
  Floats mixed[kVectors] = {};
  for (int64_t t = 0; t < n; ++t) {
    const Floats weight = all(scores[t]);
    for (int v = 0; v < kVectors; ++v) mixed[v] += weight * load(keys[t] + offset + value_offset + v * kLanes);
  }
  for (int v = 0; v < kVectors; ++v) store(out + v * kLanes, mixed[v]);
}

// The same for any depth.
PENALMT_INLINE void attend_entries_plainly(const float* query, const float* const* keys, int64_t offset, int64_t value_offset,
                                           int64_t n, int64_t depth, float scale, float* scores, float* out) {
  for (int64_t t = 0; t < n; ++t) {
    float product = 0;
    for (int64_t d = 0; d < depth; ++d) product += query[d] * keys[t][offset + d];
    scores[t] = product * scale;
  }
  softmax(scores, n);
  std::fill_n(out, depth, 0.0f);
  for (int64_t t = 0; t < n; ++t)
    for (int64_t d = 0; d < depth; ++d) out[d] += scores[t] * keys[t][offset + value_offset + d];
}

struct Heads {
  int64_t count, depth, width;
  float scale;
};

// All heads of one row over n entries. scores: [round_up(n) + 4] scratch.
PENALMT_CLONES void attend_row_self(const Heads& heads, const float* query, const float* const* keys, int64_t n, float* scores,
                                    float* out) {
  for (int64_t h = 0; h < heads.count; ++h) {
    const int64_t at = h * heads.depth;
    if (heads.depth == 16) attend_entries<1>(query + at, keys, at, heads.width, n, heads.scale, scores, out + at);
    else if (heads.depth == 32) attend_entries<2>(query + at, keys, at, heads.width, n, heads.scale, scores, out + at);
    else if (heads.depth == 64) attend_entries<4>(query + at, keys, at, heads.width, n, heads.scale, scores, out + at);
    else if (heads.depth == 128) attend_entries<8>(query + at, keys, at, heads.width, n, heads.scale, scores, out + at);
    else attend_entries_plainly(query + at, keys, at, heads.width, n, heads.depth, heads.scale, scores, out + at);
  }
}

// All heads of one row over a memory of n positions. keys: [C, round_up(n)], a channel's keys beside each other, so that 16 positions
// are scored at once; values: rows of `value_stride` floats.
PENALMT_CLONES void attend_row_memory(const Heads& heads, const float* query, const float* keys, const float* values,
                                      int64_t value_stride, int64_t n, float* scores, float* out) {
  using namespace simd;
  const int64_t padded = (n + kLanes - 1) / kLanes * kLanes;
  for (int64_t h = 0; h < heads.count; ++h) {
    const float* q = query + h * heads.depth;
    const float* head_keys = keys + h * heads.depth * padded;
    for (int64_t m = 0; m < padded; m += kLanes) {
      Floats even = {}, odd = {};
      int64_t d = 0;
      for (; d + 2 <= heads.depth; d += 2) {
        even += all(q[d]) * load(head_keys + d * padded + m);
        odd += all(q[d + 1]) * load(head_keys + (d + 1) * padded + m);
      }
      if (d < heads.depth) even += all(q[d]) * load(head_keys + d * padded + m);
      store(scores + m, (even + odd) * heads.scale);
    }
    softmax(scores, n);
    float* head_out = out + h * heads.depth;
    const float* head_values = values + h * heads.depth;
    int64_t d = 0;
    for (; d + 2 * kLanes <= heads.depth; d += 2 * kLanes) {
      Floats first = {}, second = {};
      for (int64_t m = 0; m < n; ++m) {
        const Floats weight = all(scores[m]);
        first += weight * load(head_values + m * value_stride + d);
        second += weight * load(head_values + m * value_stride + d + kLanes);
      }
      store(head_out + d, first);
      store(head_out + d + kLanes, second);
    }
    for (; d + kLanes <= heads.depth; d += kLanes) {
      Floats mixed = {};
      for (int64_t m = 0; m < n; ++m) mixed += all(scores[m]) * load(head_values + m * value_stride + d);
      store(head_out + d, mixed);
    }
    for (; d < heads.depth; ++d) {
      float mixed = 0;
      for (int64_t m = 0; m < n; ++m) mixed += scores[m] * head_values[m * value_stride + d];
      head_out[d] = mixed;
    }
  }
}

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
      keys += round_up(length) * shape_.width;
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
    if (slabs_.size() <= position) slabs_.emplace_back();  // slabs of the batch before are used again
    const size_t needed = shape_.layers * rows * 2 * shape_.width;
    if (slabs_[position].size() < needed) slabs_[position].resize(needed);
    for (int64_t r = 0; r < rows; ++r) paths_[r].push_back(static_cast<int32_t>(r));
  }

  void attend_self(int64_t layer, const at::Tensor& qkv, at::Tensor& out) override {
    const int64_t width = shape_.width, rows = qkv.size(0), positions = static_cast<int64_t>(slab_rows_.size());
    const float* from = qkv.const_data_ptr<float>();
    float* to = out.mutable_data_ptr<float>();
    std::vector<const float*> starts(positions);  // this layer's part of each slab
    for (int64_t t = 0; t < positions; ++t) starts[t] = slabs_[t].data() + layer * slab_rows_[t] * 2 * width;
    float* newest = slabs_[positions - 1].data() + layer * rows * 2 * width;
    at::parallel_for(0, rows, 32, [&](int64_t begin, int64_t end) {
      std::vector<const float*> keys(positions);
      std::vector<float> scores(round_up(positions) + kLanes);
      for (int64_t r = begin; r < end; ++r) {
        std::copy_n(from + r * 3 * width + width, 2 * width, newest + r * 2 * width);
        for (int64_t t = 0; t < positions; ++t) keys[t] = starts[t] + paths_[r][t] * 2 * width;
        attend_row_self(heads_, from + r * 3 * width, keys.data(), positions, scores.data(), to + r * width);
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
      std::vector<float> scores(round_up(longest_memory_));
      for (int64_t r = begin; r < end; ++r) {
        const int64_t b = sentence_[r];
        attend_row_memory(heads_, from + r * width, keys + first_key_[b], memory + first_memory_[b] * 2 * width + width, 2 * width,
                          lengths_[b], scores.data(), to + r * width);
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
  // [M, 2 C] keys and values → for each sentence the keys as [C, round_up(length)], zeros at the end.
  void turn_keys(const float* keys_values, float* turned) const {
    for (size_t b = 0; b < lengths_.size(); ++b) {
      const int64_t padded = round_up(lengths_[b]);
      const float* from = keys_values + first_memory_[b] * 2 * shape_.width;
      float* to = turned + first_key_[b];
      for (int64_t c = 0; c < shape_.width; ++c) {
        for (int64_t m = 0; m < lengths_[b]; ++m) to[c * padded + m] = from[m * 2 * shape_.width + c];
        std::fill(to + c * padded + lengths_[b], to + (c + 1) * padded, 0.0f);
      }
    }
  }

  const StepAttentionShape shape_;
  const Heads heads_;
  std::vector<at::Tensor> memory_;               // [L] of [M, 2 C]
  std::vector<std::vector<float>> memory_keys_;  // [L]
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
