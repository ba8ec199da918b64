// Where a row's past lies. Every step has a slab, one entry (key, value) for each row that was
// open then; a row's path names its entry in each slab since it began. Two hypotheses that came
// from one share the entries before they parted:
//
//   slab 0: [a]   slab 1: [b c]   slab 2: [d e f]        row 0 = a b d   path 0 0 0
//                                                        row 1 = a b e   path 0 0 1
//                                                        row 2 = a c f   path 0 1 2
//
// A reorder copies paths (4 bytes a position), never keys or values. A slab that no row's path
// begins at or before is used again.
#include "models/incremental/row_attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace penalmt {

RowAttention::RowAttention(const StepAttentionShape& shape)
    : shape_(shape),
      heads_{shape.heads, shape.width / shape.heads, shape.width,
             1.0f / std::sqrt(static_cast<float>(shape.width / shape.heads))} {}

void RowAttention::add(std::vector<std::vector<float>> keys_values,
                       const std::vector<int64_t>& lengths) {
  auto memory = std::make_shared<Memory>();
  int64_t first = 0, keys = 0;
  for (const int64_t length : lengths) {
    rows_.push_back({memory, {first, keys, length}, step_, {}});
    first += length;
    keys += padded_positions(length) * shape_.width;
  }
  for (const std::vector<float>& of_layer : keys_values) {
    std::vector<float>& turned = memory->keys.emplace_back(keys);
    for (auto row = rows_.end() - static_cast<int64_t>(lengths.size()); row != rows_.end(); ++row)
      turn_keys(of_layer.data(), row->place, turned.data());
  }
  memory->keys_values = std::move(keys_values);
}

void RowAttention::begin_position() {
  int64_t oldest = step_;
  for (const Row& row : rows_) oldest = std::min(oldest, row.first_step);
  for (; step_ - static_cast<int64_t>(slabs_.size()) < oldest; slabs_.pop_front())
    spare_.push_back(std::move(slabs_.front().numbers));
  ++step_;
  Slab slab{static_cast<int64_t>(rows_.size()), {}};
  if (!spare_.empty()) {
    slab.numbers = std::move(spare_.back());
    spare_.pop_back();
  }
  const size_t needed = shape_.layers * slab.rows * 2 * shape_.width;
  if (slab.numbers.size() < needed) slab.numbers.resize(needed);
  slabs_.push_back(std::move(slab));
  for (size_t r = 0; r < rows_.size(); ++r) rows_[r].path.push_back(static_cast<int32_t>(r));
}

void RowAttention::attend_self(int64_t layer, const float* qkv, float* out) {
  const auto width = shape_.width, rows = static_cast<int64_t>(rows_.size()),
             slabs = static_cast<int64_t>(slabs_.size());
  std::vector<const float*> starts;  // this layer's part of each slab
  for (const Slab& slab : slabs_)
    starts.push_back(slab.numbers.data() + layer * slab.rows * 2 * width);
  float* newest = slabs_.back().numbers.data() + layer * rows * 2 * width;
  std::vector<const float*> keys(slabs);
  std::vector<float> scores(heads_.count * score_room(slabs));
  for (int64_t r = 0; r < rows; ++r) {
    std::copy_n(qkv + r * 3 * width + width, 2 * width, newest + r * 2 * width);
    const std::vector<int32_t>& path = rows_[r].path;
    const auto positions = static_cast<int64_t>(path.size());
    for (int64_t t = 0; t < positions; ++t)
      keys[t] = starts[slabs - positions + t] + path[t] * 2 * width;
    kernels_.attend_row_self(heads_, qkv + r * 3 * width, keys.data(), positions, scores.data(),
                             out + r * width);
  }
}

void RowAttention::attend_memory(int64_t layer, const float* query, float* out) const {
  const int64_t width = shape_.width;
  int64_t longest = 0;
  for (const Row& row : rows_) longest = std::max(longest, row.place.length);
  std::vector<float> scores(heads_.count * score_room(longest));
  for (size_t r = 0; r < rows_.size(); ++r) {
    const auto& [memory, place, first_step, path] = rows_[r];
    const float* values = memory->keys_values[layer].data() + width;
    kernels_.attend_row_memory(heads_, query + r * width,
                               {memory->keys[layer].data() + place.first_key,
                                values + place.first * 2 * width, 2 * width, place.length},
                               scores.data(), out + r * width);
  }
}

void RowAttention::reorder(const std::vector<int64_t>& rows) {
  std::vector<int32_t> uses(rows_.size(), 0);
  for (const int64_t row : rows) ++uses[row];
  std::vector<Row> reordered;
  reordered.reserve(rows.size());
  for (const int64_t row : rows)
    if (--uses[row] > 0)
      reordered.push_back(rows_[row]);
    else
      reordered.push_back(std::move(rows_[row]));
  rows_ = std::move(reordered);
}

void RowAttention::turn_keys(const float* keys_values, const Place& place, float* turned) const {
  const int64_t padded = padded_positions(place.length);
  const float* from = keys_values + place.first * 2 * shape_.width;
  float* to = turned + place.first_key;
  for (int64_t c = 0; c < shape_.width; ++c) {
    for (int64_t m = 0; m < place.length; ++m) to[c * padded + m] = from[m * 2 * shape_.width + c];
    std::fill(to + c * padded + place.length, to + (c + 1) * padded, 0.0f);
  }
}

}  // namespace penalmt
