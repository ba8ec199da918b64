// Sentences as ids, gathered into batches of similar length.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace penalmt {

struct Example {
  std::vector<int> source;  // ends in EOS
  std::vector<int> target;  // BOS ... EOS; empty when translating
  int64_t image = -1;       // row of the ImageSet; -1: no image
  int64_t id = 0;           // line number from 0

  bool has_image() const { return image >= 0; }
};

// The pieces of a sentence as the model meets them: source EOS; BOS target EOS. Without an image.
Example example_of(std::vector<int> source, std::vector<int> target, int64_t id);

// Of an example's source and target.
struct ExampleLengths {
  int64_t source = 0, target = 0;
};
ExampleLengths lengths_of(const Example& example);
// Positions that the target fills on the decoder's side: BOS is only fed, EOS only predicted.
int64_t target_length(const ExampleLengths& lengths);

// Positions in `examples`, batch by batch; each stands in exactly one. Sentences are sorted by
// target length, then source length, and a batch is closed when one more would make (longest of its
// sources and targets) x (its sentences) exceed `token_budget`; a sentence longer than the budget
// is a batch alone. With a seed, ties and then the batches are shuffled: the same seed gives the
// same batches on every machine. Without, ties keep their order.
std::vector<std::vector<int64_t>> make_batches(const std::vector<Example>& examples,
                                               int64_t token_budget,
                                               std::optional<uint64_t> shuffle_seed);
// The same of those examples alone, each as often as `which` has it, by their lengths.
std::vector<std::vector<int64_t>> make_batches(
    std::vector<int64_t> which, const std::function<ExampleLengths(int64_t)>& lengths,
    int64_t token_budget, std::optional<uint64_t> shuffle_seed);

}  // namespace penalmt
