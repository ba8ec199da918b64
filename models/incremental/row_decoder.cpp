#include "models/incremental/row_decoder.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "base/number_set.h"

namespace penalmt {
namespace {

StepAttentionShape attention_shape(const RowStack& stack) {
  return {static_cast<int64_t>(stack.layers.size()), stack.heads, stack.width};
}

// states: [M, C] → a layer's keys and values [M, 2 C].
std::vector<float> keys_values(const PackedMatrix& projection, const float* states, int64_t rows) {
  std::vector<float> projected(rows * projection.out());
  projection.apply(states, rows, projected.data());
  return projected;
}

}  // namespace

RowDecoder::RowDecoder(std::shared_ptr<const RowWeights> weights)
    : weights_(std::move(weights)),
      positions_(weights_->decoder.embedding.positions),
      attention_(attention_shape(weights_->decoder)),
      image_attention_(attention_shape(weights_->decoder)) {}

void RowDecoder::clear() {
  attention_.clear();
  position_.clear();
  chosen_.clear();
  has_image_.clear();
}

RowDecoder::Chosen RowDecoder::chosen(const std::vector<std::vector<int>>& choices) const {
  NumberSet together(weights_->vocabulary);
  for (const std::vector<int>& of_sentence : choices) together.add(of_sentence);
  ColumnChoice choice;
  choice.columns = together.ascending();
  const size_t count = choice.columns.size();
  std::vector<int> place(weights_->vocabulary);
  for (size_t c = 0; c < count; ++c) place[choice.columns[c]] = static_cast<int>(c);
  choice.barred.assign(choices.size() * count, ColumnChoice::kBarred);
  for (size_t s = 0; s < choices.size(); ++s) {
    choice.group.push_back(static_cast<int64_t>(s));
    for (const int token : choices[s]) choice.barred[s * count + place[token]] = 0;
  }
  PackedMatrix output = weights_->output.of_columns(choice.columns);
  return {std::move(choice), std::move(output)};
}

void RowDecoder::add(const float* states, const std::vector<int64_t>& lengths,
                     const std::vector<std::vector<int>>& choices) {
  if (!position_.empty() && choices.empty() != chosen_.empty())
    throw std::logic_error("choices for some sentences");
  int64_t rows = 0;
  for (const int64_t length : lengths) rows += length;
  std::vector<std::vector<float>> of_layers;
  for (const RowLayer& layer : weights_->decoder.layers)
    of_layers.push_back(keys_values(layer.memory, states, rows));
  attention_.add(std::move(of_layers), lengths);
  position_.resize(position_.size() + lengths.size(), 0);
  if (!choices.empty()) chosen_.push_back(chosen(choices));
}

void RowDecoder::look_at(RowRegions regions) {
  std::vector<std::vector<float>> of_layers;
  const auto sentences = static_cast<int64_t>(regions.has_image.size());
  for (const RowLayer& layer : weights_->decoder.layers)
    of_layers.push_back(keys_values(layer.image_memory, regions.states, sentences * regions.count));
  image_attention_.clear();
  image_attention_.add(std::move(of_layers), std::vector<int64_t>(sentences, regions.count));
  has_image_ = std::move(regions.has_image);
}

const float* RowDecoder::advance(const std::vector<int>& tokens) {
  const RowStack& stack = weights_->decoder;
  const int64_t count = rows(), width = stack.width;
  float *x = states_.rows(count, width), *wide = wide_.rows(count, 3 * width),
        *query = query_.rows(count, width), *mixed = mixed_.rows(count, width),
        *branch = branch_.rows(count, width);
  const int64_t furthest = *std::max_element(position_.begin(), position_.end());
  stack.embedding.embed(tokens, position_, positions_.first(furthest + 1), width, x);
  attention_.begin_position();
  for (size_t l = 0; l < stack.layers.size(); ++l) {
    const RowLayer& layer = stack.layers[l];
    row_residual(stack, layer.self_norm, count, x, normed_, [&](const float* y) {
      layer.self_in.apply(y, count, wide);
      attention_.attend_self(static_cast<int64_t>(l), wide, mixed);
      layer.self_out.apply(mixed, count, branch);
      return branch;
    });
    row_residual(stack, layer.memory_norm, count, x, normed_, [&](const float* y) {
      layer.query.apply(y, count, query);
      attention_.attend_memory(static_cast<int64_t>(l), query, mixed);
      layer.memory_out.apply(mixed, count, branch);
      return branch;
    });
    if (!has_image_.empty()) attend_to_image(static_cast<int64_t>(l), x);
    row_residual(stack, layer.feed_forward_norm, count, x, normed_, [&](const float* y) {
      return row_feed_forward(stack, layer, y, count, inner_, branch);
    });
  }
  for (int64_t& position : position_) ++position;
  row_final_norm(stack, count, x);
  return x;
}

void RowDecoder::attend_to_image(int64_t l, float* x) {
  const RowStack& stack = weights_->decoder;
  const RowLayer& layer = stack.layers[l];
  const int64_t count = rows(), width = stack.width;
  float* before = before_.rows(count, width);
  std::copy_n(x, count * width, before);
  row_residual(stack, layer.image_norm, count, x, normed_, [&](const float* y) {
    float *query = query_.rows(count, width), *mixed = mixed_.rows(count, width),
          *branch = branch_.rows(count, width), *gate = gate_.rows(count, 1);
    layer.image_query.apply(y, count, query);
    image_attention_.attend_memory(l, query, mixed);
    layer.image_out.apply(mixed, count, branch);
    layer.image_gate.apply(y, count, gate);
    for (int64_t r = 0; r < count; ++r) {
      const float open = 1.0f / (1.0f + std::exp(-gate[r]));
      for (int64_t c = 0; c < width; ++c) branch[r * width + c] *= open;
    }
    return branch;
  });
  for (int64_t r = 0; r < count; ++r)
    if (!has_image_[r]) std::copy_n(before + r * width, width, x + r * width);
}

void RowDecoder::reorder(const std::vector<int64_t>& rows) {
  attention_.reorder(rows);
  std::vector<int64_t> position;
  for (const int64_t row : rows) position.push_back(position_[row]);
  position_ = std::move(position);
  auto row = rows.begin();
  int64_t first = 0;  // row of the group
  for (Chosen& of_group : chosen_) {
    std::vector<int64_t> group;
    const auto behind = first + static_cast<int64_t>(of_group.choice.group.size());
    for (; row != rows.end() && first <= *row && *row < behind; ++row)
      group.push_back(of_group.choice.group[*row - first]);
    of_group.choice.group = std::move(group);
    first = behind;
  }
  if (!chosen_.empty() && row != rows.end()) throw std::logic_error("sentences must stay in order");
  std::erase_if(chosen_, [](const Chosen& of_group) { return of_group.choice.group.empty(); });
  if (has_image_.empty()) return;
  image_attention_.reorder(rows);
  std::vector<bool> has_image;
  for (const int64_t from : rows) has_image.push_back(has_image_[from]);
  has_image_ = std::move(has_image);
}

void RowDecoder::logits(const float* states, float* out) const {
  const int64_t vocabulary = weights_->vocabulary;
  weights_->output.apply(states, rows(), out);
  for (const auto& [choice, output] : chosen_) {
    const size_t count = choice.columns.size();
    for (const int64_t group : choice.group) {
      std::vector<float> bars(vocabulary, ColumnChoice::kBarred);
      for (size_t c = 0; c < count; ++c) bars[choice.columns[c]] = choice.barred[group * count + c];
      for (int64_t v = 0; v < vocabulary; ++v) *out++ += bars[v];
    }
  }
}

Candidates RowDecoder::best(const float* states, const CandidateRule& rule) const {
  if (chosen_.empty()) return weights_->output.best(states, rows(), rule);
  std::vector<Candidates> parts;
  int64_t first = 0;
  for (const auto& [choice, output] : chosen_) {
    const auto count = static_cast<int64_t>(choice.group.size());
    parts.push_back(output.best(states + first * weights_->decoder.width, count,
                                rule.of_rows(first, count), choice));
    first += count;
  }
  return joined(parts);
}

}  // namespace penalmt
