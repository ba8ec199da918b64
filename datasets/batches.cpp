#include "datasets/batches.h"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>

#include "base/random.h"
#include "datasets/image_set.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {
namespace {

// Positions that a sentence fills on the decoder's side: BOS is only fed, EOS only predicted.
int64_t target_length(const ExampleLengths& lengths) {
  return std::max<int64_t>(lengths.target - 1, 0);
}
int64_t target_length(const Example& example) { return target_length(lengths_of(example)); }
int64_t padded_length(const ExampleLengths& lengths) {
  return std::max(lengths.source, target_length(lengths));
}

// Equal ones keep their order. There are few lengths, and may be many examples: they are counted.
void sort_by(int64_t ExampleLengths::*side, const std::function<ExampleLengths(int64_t)>& lengths,
             std::vector<int64_t>& which) {
  std::vector<int64_t> next;  // by length: how many, then where the next one goes
  for (const int64_t i : which) {
    const auto length = static_cast<std::size_t>(lengths(i).*side);
    if (next.size() <= length) next.resize(length + 1);
    ++next[length];
  }
  std::exclusive_scan(next.begin(), next.end(), next.begin(), int64_t{0});
  std::vector<int64_t> sorted(which.size());
  for (const int64_t i : which) sorted[next[lengths(i).*side]++] = i;
  which = std::move(sorted);
}

}  // namespace

ExampleLengths lengths_of(const Example& example) {
  return {static_cast<int64_t>(example.source.size()), static_cast<int64_t>(example.target.size())};
}

Example example_of(std::vector<int> source, std::vector<int> target, int64_t id) {
  source.push_back(kEos);
  target.insert(target.begin(), kBos);
  target.push_back(kEos);
  return {.source = std::move(source), .target = std::move(target), .image = -1, .id = id};
}

std::vector<std::vector<int64_t>> make_batches(
    std::vector<int64_t> which, const std::function<ExampleLengths(int64_t)>& lengths,
    int64_t token_budget, std::optional<uint64_t> shuffle_seed) {
  SplitMix64 random(shuffle_seed.value_or(0));
  if (shuffle_seed) shuffle(which, random);
  sort_by(&ExampleLengths::source, lengths, which);
  sort_by(&ExampleLengths::target, lengths, which);

  std::vector<std::vector<int64_t>> batches;
  int64_t longest = 0;
  for (const int64_t i : which) {
    const int64_t length = padded_length(lengths(i));
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

std::vector<std::vector<int64_t>> make_batches(const std::vector<Example>& examples,
                                               int64_t token_budget,
                                               std::optional<uint64_t> shuffle_seed) {
  std::vector<int64_t> all(examples.size());
  std::iota(all.begin(), all.end(), 0);
  return make_batches(
      std::move(all), [&](int64_t i) { return lengths_of(examples[i]); }, token_budget,
      shuffle_seed);
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
    if (images && example.has_image()) {
      image_rows.push_back(example.image);
      batch.has_image.data_ptr<bool>()[row] = true;
    }
  }
  if (!image_rows.empty()) batch.images = images->rows(image_rows);
  return batch;
}

}  // namespace penalmt
