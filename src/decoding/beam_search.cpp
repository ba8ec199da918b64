#include "decoding/beam_search.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace penalmt {
namespace {

// A way to make a sentence's hypothesis one token longer.
struct Extension {
  int64_t row;  // the open hypothesis that it extends
  int token;
  double log_probability;  // of the whole extended hypothesis
};

// One open hypothesis: a row of the model.
struct Open {
  int64_t sentence;
  double log_probability;
};

// The tokens of all hypotheses, as a tree: what each row of each position was extended from.
struct Position {
  std::vector<int64_t> parents;  // the row at the position before
  std::vector<int> tokens;
};

// False for a probability of zero and for what is not a number.
bool possible(float log_probability) {
  return log_probability > -std::numeric_limits<float>::infinity();
}

bool better(const Extension& a, const Extension& b) {
  if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
  return a.row != b.row ? a.row < b.row : a.token < b.token;
}

class Search {
 public:
  Search(StepModel& model, const std::vector<int64_t>& limits, const SearchOptions& options)
      : model_(model), options_(options), limits_(limits), finished_(limits.size()) {
    for (size_t s = 0; s < limits.size(); ++s) open_.push_back({static_cast<int64_t>(s), 0.0});
    trail_.push_back(
        {std::vector<int64_t>(open_.size(), -1), std::vector<int>(open_.size(), kStartToken)});
  }

  std::vector<std::vector<Hypothesis>> run() {
    while (!open_.empty()) {
      ++length_;
      const Candidates candidates = extend();                              // 1
      std::vector<Extension> extensions = pick_best(candidates);           // 2
      extensions = drop_hopeless(retire_finished(std::move(extensions)));  // 3, 4
      reorder(extensions);                                                 // 5
    }
    return ranked();  // 6
  }

 private:
  // 1. The K best next tokens of every open hypothesis.
  Candidates extend() {
    return model_.advance_best(trail_.back().tokens, {.count = options_.beam,
                                                      .first_token = kFirstWritableToken,
                                                      .end_token = kEndToken,
                                                      .probabilities = !is_blind()});
  }

  // 2. The K best extensions of each sentence, best first. At the last position only the end is
  // left.
  std::vector<Extension> pick_best(const Candidates& candidates) const {
    std::vector<Extension> picked, of_sentence;
    for (size_t row = 0; row < open_.size();) {
      const int64_t sentence = open_[row].sentence;
      const bool last_position = length_ == limits_[sentence];
      of_sentence.clear();
      for (; row < open_.size() && open_[row].sentence == sentence; ++row) {
        const int64_t r = static_cast<int64_t>(row);
        const double so_far = open_[row].log_probability;
        if (last_position) {
          if (possible(candidates.end[row]))
            of_sentence.push_back({r, kEndToken, so_far + candidates.end[row]});
          continue;
        }
        for (int64_t i = r * candidates.count; i < (r + 1) * candidates.count; ++i)
          if (possible(candidates.log_probabilities[i]))
            of_sentence.push_back(
                {r, candidates.tokens[i], so_far + candidates.log_probabilities[i]});
      }
      const size_t kept = std::min<size_t>(options_.beam, of_sentence.size());
      std::partial_sort(of_sentence.begin(), of_sentence.begin() + kept, of_sentence.end(), better);
      picked.insert(picked.end(), of_sentence.begin(), of_sentence.begin() + kept);
    }
    return picked;
  }

  // 3. Those that end become finished hypotheses, of which the n_best best are kept. The others are
  // returned.
  std::vector<Extension> retire_finished(std::vector<Extension> extensions) {
    std::erase_if(extensions, [&](const Extension& extension) {
      if (extension.token != kEndToken) return false;
      auto& finished = finished_[open_[extension.row].sentence];
      const double score =
          hypothesis_score(extension.log_probability, length_, options_.length_penalty);
      auto place = std::upper_bound(
          finished.begin(), finished.end(), score,
          [](double value, const Hypothesis& other) { return value > other.score; });
      if (place - finished.begin() >= options_.n_best) return true;
      finished.insert(place, {tokens_until(extension.row), extension.log_probability, score});
      if (static_cast<int64_t>(finished.size()) > options_.n_best) finished.pop_back();
      return true;
    });
    return extensions;
  }

  // 4. Without those that can no longer be among the n_best.
  std::vector<Extension> drop_hopeless(std::vector<Extension> extensions) const {
    std::erase_if(extensions, [&](const Extension& extension) {
      const int64_t sentence = open_[extension.row].sentence;
      const auto& finished = finished_[sentence];
      if (static_cast<int64_t>(finished.size()) < options_.n_best) return false;
      const int64_t best_length = options_.length_penalty >= 0 ? limits_[sentence] : length_ + 1;
      return hypothesis_score(extension.log_probability, best_length, options_.length_penalty) <=
             finished.back().score;
    });
    return extensions;
  }

  // 5. The extensions become the open hypotheses.
  void reorder(const std::vector<Extension>& extensions) {
    std::vector<Open> open;
    Position position;
    for (const Extension& extension : extensions) {
      open.push_back({open_[extension.row].sentence, extension.log_probability});
      position.parents.push_back(extension.row);
      position.tokens.push_back(extension.token);
    }
    open_ = std::move(open);
    if (!open_.empty()) model_.reorder(position.parents);
    trail_.push_back(std::move(position));
  }

  // 6. The answer.
  std::vector<std::vector<Hypothesis>> ranked() {
    if (is_blind())
      for (auto& of_sentence : finished_)
        for (Hypothesis& hypothesis : of_sentence)
          hypothesis.log_probability = hypothesis.score = 0;
    return std::move(finished_);
  }

  // With one hypothesis a sentence the next token is that of the largest logit.
  bool is_blind() const { return options_.beam == 1 && !options_.scores; }

  // The tokens of the open hypothesis in `row`, the start left out.
  std::vector<int> tokens_until(int64_t row) const {
    std::vector<int> tokens(trail_.size() - 1);
    for (size_t t = trail_.size() - 1; t > 0; --t) {
      tokens[t - 1] = trail_[t].tokens[row];
      row = trail_[t].parents[row];
    }
    return tokens;
  }

  StepModel& model_;
  const SearchOptions options_;
  const std::vector<int64_t> limits_;  // [B] longest translation
  int64_t length_ = 0;                 // of the hypotheses that the present position makes
  std::vector<Open> open_;             // [N], those of a sentence beside each other, best first
  std::vector<Position> trail_;        // [length + 1]; the first is the start token
  std::vector<std::vector<Hypothesis>> finished_;  // [B] best first
};

}  // namespace

double hypothesis_score(double log_probability, int64_t length, double length_penalty) {
  return log_probability / std::pow(static_cast<double>(length), length_penalty);
}

std::vector<std::vector<Hypothesis>> beam_search(StepModel& model,
                                                 const std::vector<int64_t>& limits,
                                                 const SearchOptions& options) {
  TORCH_CHECK(options.beam >= 1 && options.n_best >= 1 && options.n_best <= options.beam, "beam ",
              options.beam, ", n_best ", options.n_best);
  return Search(model, limits, options).run();
}

}  // namespace penalmt
