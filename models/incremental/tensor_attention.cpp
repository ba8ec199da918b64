#include "models/incremental/tensor_attention.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <numeric>

namespace penalmt {
namespace {

constexpr int64_t kBlock = 32;  // positions by which the caches grow

}  // namespace

void TensorAttention::start(std::vector<at::Tensor> keys_values,
                            const std::vector<int64_t>& lengths) {
  const auto options = keys_values.front().options();
  const int64_t sentences = static_cast<int64_t>(lengths.size());
  const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  const at::Tensor length = at::tensor(lengths, at::kLong).to(options.device());
  const at::Tensor visible =
      at::arange(longest, length.options()).unsqueeze(0) < length.unsqueeze(1);  // [B, M]
  const at::Tensor places = visible.flatten().nonzero().squeeze(1);
  memory_.clear();
  for (const at::Tensor& of_layer : keys_values) {
    at::Tensor padded = at::zeros({sentences * longest, 2 * shape_.width}, options)
                            .index_copy_(0, places, of_layer);
    memory_.push_back(padded.view({sentences, longest, 2, shape_.heads, -1})
                          .permute({2, 0, 3, 1, 4})
                          .contiguous());  // [2, B, H, M, D]
  }
  visible_ = visible.unsqueeze(1).unsqueeze(1);  // [B, 1, 1, M]
  sentence_.resize(sentences);
  std::iota(sentence_.begin(), sentence_.end(), 0);
  stack_rows();
  positions_ = 0;
  past_.clear();
  for (int64_t l = 0; l < shape_.layers; ++l)
    past_.push_back(
        at::zeros({2, sentences, shape_.heads, kBlock, shape_.width / shape_.heads}, options));
}

void TensorAttention::begin_position() {
  if (++positions_ <= past_.front().size(3)) return;
  for (at::Tensor& of_layer : past_) of_layer = at::constant_pad_nd(of_layer, {0, 0, 0, kBlock});
}

at::Tensor TensorAttention::attend_self(int64_t layer, const at::Tensor& qkv) {
  const at::Tensor parts =
      qkv.view({qkv.size(0), 3, shape_.heads, -1}).transpose(0, 1);  // [3, N, H, D]
  past_[layer].select(3, positions_ - 1).copy_(parts.narrow(0, 1, 2));
  const at::Tensor seen = past_[layer].narrow(3, 0, positions_);  // [2, N, H, T, D]
  return at::scaled_dot_product_attention(parts[0].unsqueeze(2), seen[0], seen[1]).flatten(1);
}

// The queries of a sentence's rows are stacked, so that its memory is neither copied nor read once
// a row.
at::Tensor TensorAttention::attend_memory(int64_t layer, const at::Tensor& query) const {
  const int64_t sentences = visible_.size(0);
  const at::Tensor stacked =
      at::zeros({sentences * stack_, shape_.width}, query.options()).index_copy_(0, places_, query);
  const at::Tensor q =
      stacked.view({sentences, stack_, shape_.heads, -1}).transpose(1, 2);  // [B, H, K, D]
  const at::Tensor mixed =
      at::scaled_dot_product_attention(q, memory_[layer][0], memory_[layer][1], visible_);
  return mixed.transpose(1, 2).reshape({sentences * stack_, shape_.width}).index_select(0, places_);
}

void TensorAttention::reorder(const std::vector<int64_t>& rows) {
  std::vector<int64_t> sentence;
  for (int64_t row : rows) sentence.push_back(sentence_[row]);
  sentence_ = std::move(sentence);
  const at::Tensor from = at::tensor(rows, at::kLong).to(places_.device());
  for (at::Tensor& of_layer : past_) of_layer = of_layer.index_select(1, from);
  stack_rows();
}

void TensorAttention::stack_rows() {
  std::vector<int64_t> height(visible_.size(0), 0), places;
  for (int64_t b : sentence_) ++height[b];
  stack_ = *std::max_element(height.begin(), height.end());
  std::fill(height.begin(), height.end(), 0);
  for (int64_t b : sentence_) places.push_back(b * stack_ + height[b]++);
  places_ = at::tensor(places, at::kLong).to(visible_.device());
}

}  // namespace penalmt
