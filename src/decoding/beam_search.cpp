#include "decoding/beam_search.h"

#include <ATen/Functions.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "decoding/token_rules.h"

namespace penalmt {
namespace {

// A way to make a sentence's hypothesis one token longer.
struct Extension {
  int64_t row;  // the open hypothesis that it extends
  int token;
  double log_probability;  // of the whole extended hypothesis
  float of_token;          // of the token alone
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
  std::vector<float> log_probabilities = {};  // of the tokens; none of the start
};

// What may follow the open hypotheses.
struct Choices {
  Candidates candidates;
  std::vector<std::vector<int>> forbidden;  // [N], or none where nothing is
  std::vector<float> forced;                // [N] of the prefix's token, where it is one's turn
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
  Search(StepModel& model, const std::vector<SentenceSearch>& sentences,
         const SearchOptions& options)
      : model_(model),
        options_(options),
        rules_(options),
        sentences_(sentences),
        ended_(sentences.size(), 0),
        finished_(sentences.size()) {
    for (size_t s = 0; s < sentences.size(); ++s) open_.push_back({static_cast<int64_t>(s), 0.0});
    trail_.push_back(
        {std::vector<int64_t>(open_.size(), -1), std::vector<int>(open_.size(), kBos)});
  }

  std::vector<std::vector<Hypothesis>> run() {
    while (!open_.empty()) {
      ++length_;
      const Choices choices = extend();                                    // 1
      std::vector<Extension> extensions = pick_best(choices);              // 2
      extensions = drop_hopeless(retire_finished(std::move(extensions)));  // 3, 4
      reorder(extensions);                                                 // 5
    }
    return ranked();  // 6
  }

 private:
  // 1. The K best next tokens of every open hypothesis, the end aside where others take its place,
  // and as many more as may be forbidden.
  Choices extend() {
    Choices choices;
    int64_t spare = 0;
    if (rules_.forbid_any())
      for (size_t row = 0; row < open_.size(); ++row) {
        choices.forbidden.push_back(rules_.forbidden(tokens_until(static_cast<int64_t>(row))));
        spare = std::max(spare, static_cast<int64_t>(choices.forbidden.back().size()));
      }
    const CandidateRule rule{.count = options_.beam + (refills() ? 1 : 0) + spare,
                             .first_token = kFirstWritable,
                             .end_token = kEos,
                             .probabilities = !is_blind()};
    const std::vector<int>& last = trail_.back().tokens;
    if (!any_in_prefix()) {
      choices.candidates = model_.advance_best(last, rule);
      return choices;
    }
    const at::Tensor logits = model_.advance(last);
    choices.candidates = top_candidates(logits, rule);
    std::vector<int64_t> tokens;
    for (const Open& open : open_)
      tokens.push_back(is_in_prefix(open.sentence) ? forced_token(open.sentence) : kEos);
    const at::Tensor forced =
        at::log_softmax(logits, -1, at::kFloat)
            .gather(1, at::tensor(tokens, at::kLong).to(logits.device()).unsqueeze(1))
            .cpu()
            .contiguous();
    choices.forced.assign(forced.const_data_ptr<float>(),
                          forced.const_data_ptr<float>() + forced.numel());
    return choices;
  }

  // 2. The K best extensions of each sentence, best first; with `refill` the K best that go on, and
  // those among the K best that end. A prefix leaves one, the last position only the end.
  std::vector<Extension> pick_best(const Choices& choices) const {
    std::vector<Extension> picked, of_sentence;
    const auto add = [&](int64_t row, int token, float log_probability) {
      if (possible(log_probability))
        of_sentence.push_back(
            {row, token, open_[row].log_probability + log_probability, log_probability});
    };
    const Candidates& candidates = choices.candidates;
    for (int64_t row = 0; row < static_cast<int64_t>(open_.size());) {
      const int64_t sentence = open_[row].sentence;
      of_sentence.clear();
      for (; row < static_cast<int64_t>(open_.size()) && open_[row].sentence == sentence; ++row) {
        if (is_in_prefix(sentence)) {
          add(row, forced_token(sentence), choices.forced[row]);
        } else if (length_ == sentences_[sentence].limit) {
          add(row, kEos, refills() ? 0 : candidates.end[row]);
        } else {
          for (int64_t i = row * candidates.count; i < (row + 1) * candidates.count; ++i)
            if (choices.forbidden.empty() ||
                !std::binary_search(choices.forbidden[row].begin(), choices.forbidden[row].end(),
                                    candidates.tokens[i]))
              add(row, candidates.tokens[i], candidates.log_probabilities[i]);
        }
      }
      const size_t kept = std::min<size_t>((refills() ? 2 : 1) * options_.beam, of_sentence.size());
      std::partial_sort(of_sentence.begin(), of_sentence.begin() + kept, of_sentence.end(), better);
      of_sentence.resize(kept);
      if (refills()) refill(of_sentence);
      picked.insert(picked.end(), of_sentence.begin(), of_sentence.end());
    }
    return picked;
  }

  // Of the 2 K best, of which at most K end: those that end behind the K-th place go, and those
  // that are more than K others.
  void refill(std::vector<Extension>& extensions) const {
    int64_t place = 0, open = 0;
    std::erase_if(extensions, [&](const Extension& extension) {
      const bool ends = extension.token == kEos;
      return ends ? place++ >= options_.beam : (++place, open++ >= options_.beam);
    });
  }

  // 3. Those that end become finished hypotheses, of which the best are kept. The others are
  // returned.
  std::vector<Extension> retire_finished(std::vector<Extension> extensions) {
    std::erase_if(extensions, [&](const Extension& extension) {
      if (extension.token != kEos) return false;
      const int64_t sentence = open_[extension.row].sentence;
      auto& finished = finished_[sentence];
      ++ended_[sentence];
      const double score =
          hypothesis_score(extension.log_probability, length_, options_.length_penalty);
      auto place = std::upper_bound(
          finished.begin(), finished.end(), score,
          [](double value, const Hypothesis& other) { return value > other.score; });
      if (place - finished.begin() >= kept()) return true;
      finished.insert(place, {tokens_until(extension.row), extension.log_probability, score,
                              log_probabilities_until(extension)});
      if (static_cast<int64_t>(finished.size()) > kept()) finished.pop_back();
      return true;
    });
    return extensions;
  }

  // 4. Without those that can no longer be among the n_best, or are guessed not to be.
  std::vector<Extension> drop_hopeless(std::vector<Extension> extensions) const {
    int64_t ended = -1, going_on = -1;  // sentences, by their best one
    std::erase_if(extensions, [&](const Extension& extension) {
      const int64_t sentence = open_[extension.row].sentence;
      const auto& finished = finished_[sentence];
      if (static_cast<int64_t>(finished.size()) < kept()) return false;
      if (guesses()) {
        if (sentence != ended && sentence != going_on) {
          const double score =
              hypothesis_score(extension.log_probability, length_, options_.length_penalty);
          (score <= finished.back().score ? ended : going_on) = sentence;
        }
        return sentence == ended;
      }
      if (options_.patience > 0 && ended_[sentence] >= options_.patience * options_.beam)
        return true;
      if (options_.patience > 0 && refills()) return false;
      const int64_t best_length =
          options_.length_penalty >= 0 ? sentences_[sentence].limit : length_ + 1;
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
      position.log_probabilities.push_back(extension.of_token);
    }
    open_ = std::move(open);
    if (!open_.empty()) model_.reorder(position.parents);
    trail_.push_back(std::move(position));
  }

  // 6. The answer.
  std::vector<std::vector<Hypothesis>> ranked() {
    for (auto& of_sentence : finished_)
      of_sentence.resize(std::min<size_t>(of_sentence.size(), options_.n_best));
    if (is_blind())
      for (auto& of_sentence : finished_)
        for (Hypothesis& hypothesis : of_sentence) {
          hypothesis.log_probability = hypothesis.score = 0;
          hypothesis.token_log_probabilities.clear();
        }
    return std::move(finished_);
  }

  // One hypothesis alone is greedy search.
  bool refills() const { return options_.refill && options_.beam > 1; }
  bool guesses() const { return refills() && options_.guess_end && options_.patience == 0; }
  // Finished hypotheses kept of a sentence.
  int64_t kept() const { return guesses() ? options_.beam : options_.n_best; }

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

  std::vector<float> log_probabilities_until(const Extension& last) const {
    std::vector<float> log_probabilities(trail_.size());
    log_probabilities.back() = last.of_token;
    int64_t row = last.row;
    for (size_t t = trail_.size() - 1; t > 0; --t) {
      log_probabilities[t - 1] = trail_[t].log_probabilities[row];
      row = trail_[t].parents[row];
    }
    return log_probabilities;
  }

  bool is_in_prefix(int64_t sentence) const {
    return length_ <= static_cast<int64_t>(sentences_[sentence].prefix.size());
  }
  bool any_in_prefix() const {
    return std::any_of(open_.begin(), open_.end(),
                       [&](const Open& open) { return is_in_prefix(open.sentence); });
  }
  int forced_token(int64_t sentence) const { return sentences_[sentence].prefix[length_ - 1]; }

  StepModel& model_;
  const SearchOptions options_;
  const TokenRules rules_;
  const std::vector<SentenceSearch> sentences_;  // [B]
  int64_t length_ = 0;           // of the hypotheses that the present position makes
  std::vector<Open> open_;       // [N], those of a sentence beside each other, best first
  std::vector<Position> trail_;  // [length + 1]; the first is the start token
  std::vector<int64_t> ended_;   // [B] hypotheses that were finished, kept or not
  std::vector<std::vector<Hypothesis>> finished_;  // [B] best first
};

}  // namespace

double hypothesis_score(double log_probability, int64_t length, double length_penalty) {
  return log_probability / std::pow(static_cast<double>(length), length_penalty);
}

std::vector<std::vector<Hypothesis>> beam_search(StepModel& model,
                                                 const std::vector<SentenceSearch>& sentences,
                                                 const SearchOptions& options) {
  TORCH_CHECK(options.beam >= 1 && options.n_best >= 1 && options.n_best <= options.beam, "beam ",
              options.beam, ", n_best ", options.n_best);
  return Search(model, sentences, options).run();
}

}  // namespace penalmt
