#include <algorithm>

#include "translation/translator.h"

namespace penalmt {
namespace {

constexpr int64_t kNoWord = -1;

// For each piece the number of its word, from 0. The first `beside` pieces are of no word of the
// line.
std::vector<int64_t> words_of(const std::vector<int>& pieces, const Tokenizer& tokenizer,
                              int64_t beside = 0) {
  static const std::string kSpace = "\u2581";
  std::vector<int64_t> words;
  int64_t word = -1;
  for (const std::string& piece : tokenizer.marked_pieces(pieces)) {
    if (static_cast<int64_t>(words.size()) < beside) {
      words.push_back(kNoWord);
      continue;
    }
    if (word < 0 || piece.starts_with(kSpace)) ++word;
    words.push_back(word);
  }
  return words;
}

// weights: [T, S], of target positions on source positions; words as words_of().
std::vector<WordPair> pairs_of(const at::Tensor& weights, const std::vector<int64_t>& source,
                               const std::vector<int64_t>& target) {
  std::vector<WordPair> pairs;
  if (source.empty() || source.back() == kNoWord) return pairs;
  const auto seen = weights.accessor<float, 2>();
  for (size_t t = 0; t < target.size();) {
    const int64_t word = target[t];
    std::vector<double> looks(source.back() + 1, 0.0);
    for (; t < target.size() && target[t] == word; ++t)
      for (size_t s = 0; s < source.size(); ++s)
        if (source[s] != kNoWord)
          looks[source[s]] += seen[static_cast<int64_t>(t)][static_cast<int64_t>(s)];
    pairs.emplace_back(std::max_element(looks.begin(), looks.end()) - looks.begin(), word);
  }
  return pairs;
}

}  // namespace

std::vector<std::vector<WordPair>> Translator::alignment(const std::vector<std::string>& sources,
                                                         const std::vector<std::string>& targets,
                                                         const ImageSet* images,
                                                         const BatchOptions& batches) {
  const std::vector<Example> examples = written_examples(sources, targets, images);
  std::vector<std::vector<WordPair>> alignments(sources.size());
  const c10::Device device = this->device();
  const auto new_worker = [&]() -> BatchJob {
    return [&](const std::vector<int64_t>& which) {
      const Batch batch = collate(examples, which, images);
      const at::Tensor weights =
          model_
              ->view_source(batch.source.to(device), images_of(batch, device),
                            batch.target_input.to(device))
              .cpu();  // [B, T, S]
      for (size_t row = 0; row < which.size(); ++row) {
        const Example& example = examples[which[row]];
        // The target language of set_target_language() is no word.
        const bool is_added = language() && example.source.front() == *language() &&
                              !as_trained(sources[example.id]).starts_with(">>");
        alignments[example.id] = pairs_of(
            weights[static_cast<int64_t>(row)],
            words_of({example.source.begin(), example.source.end() - 1}, source_tokenizer(),
                     is_added ? 1 : 0),
            words_of({example.target.begin() + 1, example.target.end() - 1}, target_tokenizer()));
      }
    };
  };
  run_batches(examples, batches, device, new_worker);
  return alignments;
}

}  // namespace penalmt
