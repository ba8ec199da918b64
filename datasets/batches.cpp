#include "datasets/batches.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <ATen/ATen.h>

#include "base/random.h"
#include "datasets/image_set.h"

namespace penalmt {
namespace {

// Positions that a sentence fills on the decoder's side: BOS is only fed, EOS only predicted.
int64_t target_length(const Example& example) {
  return example.target.empty() ? 0 : static_cast<int64_t>(example.target.size()) - 1;
}
int64_t padded_length(const Example& example) {
  return std::max(static_cast<int64_t>(example.source.size()), target_length(example));
}

}  // namespace

std::vector<std::vector<int64_t>> make_batches(const std::vector<Example>& examples,
                                               int64_t token_budget,
                                               std::optional<uint64_t> shuffle_seed) {
  SplitMix64 random(shuffle_seed.value_or(0));
  std::vector<int64_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0);
  if (shuffle_seed) shuffle(order, random);
  const auto lengths = [&](int64_t i) {
    return std::tuple(examples[i].target.size(), examples[i].source.size());
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return lengths(a) < lengths(b); });

  std::vector<std::vector<int64_t>> batches;
  int64_t longest = 0;
  for (const int64_t i : order) {
    const int64_t length = padded_length(examples[i]);
    longest = std::max(longest, length);
    if (batches.empty() ||
        longest * static_cast<int64_t>(batches.back().size() + 1) > token_budget) {
      batches.emplace_back();
      longest = length;
    }
    batches.back().push_back(i);
  }
  if (shuffle_seed) shuffle(batches, random);
  return batches;
}

Batch collate(const std::vector<Example>& examples, const std::vector<int64_t>& which,
              const ImageSet* images) {
  const auto b = static_cast<int64_t>(which.size());
  int64_t s = 0, t = 0;
  std::size_t with_target = 0;
  for (const int64_t i : which) {
    s = std::max(s, static_cast<int64_t>(examples[i].source.size()));
    t = std::max(t, target_length(examples[i]));
    with_target += !examples[i].target.empty();
  }
  TORCH_CHECK(with_target == 0 || with_target == which.size(),
              "a batch mixes examples with and without a target");

  Batch batch;
  batch.source = at::zeros({b, s}, at::kLong);
  batch.source_lengths = at::empty({b}, at::kLong);
  batch.ids = at::empty({b}, at::kLong);
  batch.has_image = at::zeros({b}, at::kBool);
  if (with_target) {
    batch.target_input = at::zeros({b, t}, at::kLong);
    batch.target_output = at::zeros({b, t}, at::kLong);
  }
  std::vector<int64_t> image_rows;  // of the examples that have one
  for (int64_t row = 0; row < b; ++row) {
    const Example& example = examples[which[row]];
    std::copy(example.source.begin(), example.source.end(),
              batch.source.data_ptr<int64_t>() + row * s);
    batch.source_lengths.data_ptr<int64_t>()[row] = static_cast<int64_t>(example.source.size());
    batch.ids.data_ptr<int64_t>()[row] = example.id;
    if (with_target) {
      std::copy(example.target.begin(), example.target.end() - 1,
                batch.target_input.data_ptr<int64_t>() + row * t);
      std::copy(example.target.begin() + 1, example.target.end(),
                batch.target_output.data_ptr<int64_t>() + row * t);
      batch.target_tokens += target_length(example);
    }
    if (images && example.image >= 0) {
      image_rows.push_back(example.image);
      batch.has_image.data_ptr<bool>()[row] = true;
    }
  }
  if (!image_rows.empty()) batch.images = images->rows(image_rows);
  return batch;
}

}  // namespace penalmt
