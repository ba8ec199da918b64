#include "datasets/examples.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "base/token_ids.h"

namespace penalmt {
namespace {

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

int64_t target_length(const ExampleLengths& lengths) {
  return std::max<int64_t>(lengths.target - 1, 0);
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

}  // namespace penalmt
