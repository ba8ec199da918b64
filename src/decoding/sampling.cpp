#include "decoding/sampling.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "decoding/token_rules.h"

namespace penalmt {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// One translation that is being drawn: a row of the model.
struct Draw {
  int64_t sentence;
  SplitMix64 random;
  Hypothesis hypothesis = {};
};

class Sampler {
 public:
  Sampler(TensorStepModel& model, const std::vector<SentenceSearch>& sentences,
          const SearchOptions& options)
      : model_(model),
        options_(options),
        sampling_(*options.sampling),
        rules_(options),
        sentences_(sentences),
        finished_(sentences.size()) {}

  std::vector<std::vector<Hypothesis>> run() {
    begin();
    while (!open_.empty()) {
      const at::Tensor scores =
          at::log_softmax(model_.advance(last_), -1, at::kFloat).cpu().contiguous();  // [N, V]
      std::vector<int64_t> rows;
      std::vector<Draw> open;
      for (size_t i = 0; i < open_.size(); ++i) {
        // At first all of a sentence's draws share a row.
        const int64_t row = is_first_ ? open_[i].sentence : static_cast<int64_t>(i);
        if (!extend(open_[i], scores.const_data_ptr<float>() + row * scores.size(1),
                    scores.size(1)))
          continue;
        rows.push_back(row);
        open.push_back(std::move(open_[i]));
      }
      is_first_ = false;
      open_ = std::move(open);
      last_.clear();
      for (const Draw& draw : open_) last_.push_back(draw.hypothesis.tokens.back());
      if (!open_.empty()) model_.reorder(rows);
    }
    for (auto& of_sentence : finished_)
      std::stable_sort(of_sentence.begin(), of_sentence.end(),
                       [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
    return std::move(finished_);
  }

 private:
  void begin() {
    for (size_t s = 0; s < sentences_.size(); ++s)
      for (int64_t n = 0; n < options_.n_best; ++n)
        open_.push_back(
            {static_cast<int64_t>(s),
             SplitMix64(mix64(sampling_.seed) ^ static_cast<uint64_t>(n), sentences_[s].stream)});
    last_.assign(sentences_.size(), kBos);
  }

  // One token more, by the row's log probabilities. False: there is nothing more to draw.
  bool extend(Draw& draw, const float* row, int64_t vocabulary) {
    const SentenceSearch& sentence = sentences_[draw.sentence];
    Hypothesis& hypothesis = draw.hypothesis;
    const size_t position = hypothesis.tokens.size();
    const double number = draw.random.uniform();  // one a position, so that a prefix shifts none
    int token = kEos;                             // all that is left at the last position
    if (position < sentence.prefix.size()) {
      token = sentence.prefix[position];
    } else if (static_cast<int64_t>(position) + 1 < sentence.limit) {
      row_.assign(row, row + vocabulary);
      std::fill_n(row_.begin(), std::min<int64_t>(kFirstWritable, vocabulary), kNever);
      if (rules_.forbid_any())
        for (const int forbidden : rules_.forbidden(hypothesis.tokens)) row_[forbidden] = kNever;
      token = drawn_token(row_, sampling_, number);
    }
    if (token < 0 || !std::isfinite(row[token])) return false;
    hypothesis.token_log_probabilities.push_back(row[token]);
    hypothesis.log_probability += row[token];
    if (token != kEos) {
      hypothesis.tokens.push_back(token);
      return true;
    }
    hypothesis.score = hypothesis_score(
        hypothesis.log_probability, static_cast<int64_t>(position) + 1, options_.length_penalty);
    finished_[draw.sentence].push_back(std::move(hypothesis));
    return false;
  }

  TensorStepModel& model_;
  const SearchOptions options_;
  const SamplingOptions sampling_;
  const TokenRules rules_;
  const std::vector<SentenceSearch> sentences_;
  bool is_first_ = true;
  std::vector<Draw> open_;                         // those of a sentence beside each other
  std::vector<int> last_;                          // the token that each row said last
  std::vector<float> row_;                         // [V]
  std::vector<std::vector<Hypothesis>> finished_;  // [B]
};

}  // namespace

int drawn_token(const std::vector<float>& row, const SamplingOptions& options, double draw) {
  std::vector<int> tokens;
  for (size_t v = 0; v < row.size(); ++v)
    if (row[v] > kNever) tokens.push_back(static_cast<int>(v));
  if (tokens.empty()) return -1;
  const auto more_probable = [&](int a, int b) {
    return row[a] != row[b] ? row[a] > row[b] : a < b;
  };
  if (options.top_k > 0 && options.top_k < static_cast<int64_t>(tokens.size())) {
    std::nth_element(tokens.begin(), tokens.begin() + options.top_k, tokens.end(), more_probable);
    tokens.resize(options.top_k);
  }
  std::sort(tokens.begin(), tokens.end(), more_probable);
  std::vector<double> weights;
  for (const int token : tokens)
    weights.push_back(std::exp((row[token] - row[tokens.front()]) / options.temperature));
  double whole = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (options.top_p < 1) {
    size_t kept = 0;
    double sum = 0;
    while (kept < weights.size() && sum < options.top_p * whole) sum += weights[kept++];
    weights.resize(kept);
    whole = sum;
  }
  double left = draw * whole;
  size_t chosen = 0;
  while (chosen + 1 < weights.size() && left >= weights[chosen]) left -= weights[chosen++];
  return tokens[chosen];
}

std::vector<std::vector<Hypothesis>> sample(TensorStepModel& model,
                                            const std::vector<SentenceSearch>& sentences,
                                            const SearchOptions& options) {
  return Sampler(model, sentences, options).run();
}

}  // namespace penalmt
