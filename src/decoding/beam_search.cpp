#include "decoding/beam_search.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>

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

// The tokens of all hypotheses, as a tree: what each row of each step was extended from.
struct Step {
  std::vector<int64_t> parents;  // the row at the step before; kRoot: the start of a sentence
  std::vector<int> tokens;
  std::vector<float> log_probabilities;  // of the tokens
};

constexpr int64_t kRoot = -1;

// A sentence that is being searched.
struct Searched {
  SentenceSearch told;
  int64_t first_step;                     // the step that makes its first position
  int64_t ended = 0;                      // hypotheses that were finished, kept or not
  std::vector<Hypothesis> finished = {};  // best first
};

// What may follow the open hypotheses.
struct Choices {
  Candidates candidates;  // asked for: the prefix's tokens, where it is one's turn
  std::vector<std::vector<int>> forbidden;  // [N], or none where nothing is
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
  Search(StepModel& model, SentenceFeed& feed, const SearchOptions& options)
      : model_(model), feed_(feed), options_(options), rules_(options), trail_(1) {}

  void run() {
    for (;; ++step_) {
      take_in();  // 0
      if (open_.empty()) return;
      const Choices choices = extend();                                    // 1
      std::vector<Extension> extensions = pick_best(choices);              // 2
      extensions = drop_hopeless(retire_finished(std::move(extensions)));  // 3, 4
      reorder(extensions);                                                 // 5
    }
  }

 private:
  // 0. The sentences that the feed has room for: a row each, behind the others.
  void take_in() {
    for (SentenceSearch& told : feed_.next()) {
      open_.push_back({first_sentence_ + static_cast<int64_t>(sentences_.size()), 0.0});
      sentences_.push_back({std::move(told), step_});
      trail_.back().parents.push_back(kRoot);
      trail_.back().tokens.push_back(kBos);
      trail_.back().log_probabilities.push_back(0);
    }
    int64_t longest = 0;  // positions that are still asked for
    for (const Open& open : open_)
      longest = std::max(longest, step_ - searched(open.sentence).first_step);
    while (static_cast<int64_t>(trail_.size()) > longest + 1) trail_.pop_front();
  }

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
    CandidateRule rule{.count = options_.beam + (refills() ? 1 : 0) + spare,
                       .first_token = kFirstWritable,
                       .end_token = kEos,
                       .probabilities = !is_blind()};
    if (any_in_prefix())
      for (const Open& open : open_)
        rule.asked.push_back(is_in_prefix(open.sentence) ? forced_token(open.sentence) : kEos);
    choices.candidates = model_.advance_best(trail_.back().tokens, rule);
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
          add(row, forced_token(sentence), candidates.asked[row]);
        } else if (length(sentence) == searched(sentence).told.limit) {
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
      auto& finished = searched(sentence).finished;
      ++searched(sentence).ended;
      const double score =
          hypothesis_score(extension.log_probability, length(sentence), options_.length_penalty);
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
      const Searched& state = searched(sentence);
      const auto& finished = state.finished;
      if (static_cast<int64_t>(finished.size()) < kept()) return false;
      if (guesses()) {
        if (sentence != ended && sentence != going_on) {
          const double score = hypothesis_score(extension.log_probability, length(sentence),
                                                options_.length_penalty);
          (score <= finished.back().score ? ended : going_on) = sentence;
        }
        return sentence == ended;
      }
      if (options_.patience > 0 && state.ended >= options_.patience * options_.beam) return true;
      if (options_.patience > 0 && refills()) return false;
      const int64_t best_length =
          options_.length_penalty >= 0 ? state.told.limit : length(sentence) + 1;
      return hypothesis_score(extension.log_probability, best_length, options_.length_penalty) <=
             finished.back().score;
    });
    return extensions;
  }

  // 5. The extensions become the open hypotheses. A sentence that has none is answered.
  void reorder(const std::vector<Extension>& extensions) {
    std::vector<Open> open;
    Step step;
    for (const Extension& extension : extensions) {
      open.push_back({open_[extension.row].sentence, extension.log_probability});
      step.parents.push_back(extension.row);
      step.tokens.push_back(extension.token);
      step.log_probabilities.push_back(extension.of_token);
    }
    std::swap(open_, open);
    trail_.push_back(std::move(step));
    if (!open_.empty()) model_.reorder(trail_.back().parents);
    auto going_on = open_.begin();
    for (auto row = open.begin(); row != open.end(); ++row) {
      if (row != open.begin() && row->sentence == std::prev(row)->sentence) continue;
      while (going_on != open_.end() && going_on->sentence < row->sentence) ++going_on;
      if (going_on == open_.end() || going_on->sentence != row->sentence) answer(row->sentence);
    }
    const int64_t oldest = open_.empty() ? first_sentence_ + static_cast<int64_t>(sentences_.size())
                                         : open_.front().sentence;
    for (; first_sentence_ < oldest; ++first_sentence_) sentences_.pop_front();
  }

  void answer(int64_t sentence) {
    std::vector<Hypothesis> found = std::move(searched(sentence).finished);
    found.resize(std::min<size_t>(found.size(), options_.n_best));
    if (is_blind())
      for (Hypothesis& hypothesis : found) {
        hypothesis.log_probability = hypothesis.score = 0;
        hypothesis.token_log_probabilities.clear();
      }
    feed_.done(sentence, std::move(found));
  }

  Searched& searched(int64_t sentence) { return sentences_[sentence - first_sentence_]; }
  const Searched& searched(int64_t sentence) const {
    return sentences_[sentence - first_sentence_];
  }
  // Of the sentence's hypotheses that the present step makes.
  int64_t length(int64_t sentence) const { return step_ - searched(sentence).first_step + 1; }

  // One hypothesis alone is greedy search.
  bool refills() const { return options_.refill && options_.beam > 1; }
  bool guesses() const { return refills() && options_.guess_end && options_.patience == 0; }
  // Finished hypotheses kept of a sentence.
  int64_t kept() const { return guesses() ? options_.beam : options_.n_best; }

  // With one hypothesis a sentence the next token is that of the largest logit.
  bool is_blind() const { return options_.beam == 1 && !options_.scores; }

  // The tokens of the open hypothesis in `row`, the start left out.
  std::vector<int> tokens_until(int64_t row) const {
    std::vector<int> tokens;
    for (auto step = trail_.rbegin(); step->parents[row] != kRoot; ++step) {
      tokens.push_back(step->tokens[row]);
      row = step->parents[row];
    }
    std::reverse(tokens.begin(), tokens.end());
    return tokens;
  }

  std::vector<float> log_probabilities_until(const Extension& last) const {
    std::vector<float> log_probabilities = {last.of_token};
    int64_t row = last.row;
    for (auto step = trail_.rbegin(); step->parents[row] != kRoot; ++step) {
      log_probabilities.push_back(step->log_probabilities[row]);
      row = step->parents[row];
    }
    std::reverse(log_probabilities.begin(), log_probabilities.end());
    return log_probabilities;
  }

  bool is_in_prefix(int64_t sentence) const {
    return length(sentence) <= static_cast<int64_t>(searched(sentence).told.prefix.size());
  }
  bool any_in_prefix() const {
    return std::any_of(open_.begin(), open_.end(),
                       [&](const Open& open) { return is_in_prefix(open.sentence); });
  }
  int forced_token(int64_t sentence) const {
    return searched(sentence).told.prefix[length(sentence) - 1];
  }

  StepModel& model_;
  SentenceFeed& feed_;
  const SearchOptions options_;
  const TokenRules rules_;
  int64_t step_ = 0;
  int64_t first_sentence_ = 0;      // all before it are answered
  std::deque<Searched> sentences_;  // from that one on
  std::vector<Open> open_;          // [N], those of a sentence beside each other, best first
  std::deque<Step> trail_;          // the last steps, as many as an open hypothesis goes back
};

// Sentences whose rows the model has from the start.
class OneBatch : public SentenceFeed {
 public:
  explicit OneBatch(const std::vector<SentenceSearch>& sentences)
      : waiting_(sentences), found_(sentences.size()) {}
  std::vector<SentenceSearch> next() override { return std::exchange(waiting_, {}); }
  void done(int64_t sentence, std::vector<Hypothesis> found) override {
    found_[sentence] = std::move(found);
  }
  std::vector<std::vector<Hypothesis>> found() { return std::move(found_); }

 private:
  std::vector<SentenceSearch> waiting_;
  std::vector<std::vector<Hypothesis>> found_;
};

}  // namespace

double hypothesis_score(double log_probability, int64_t length, double length_penalty) {
  return log_probability / std::pow(static_cast<double>(length), length_penalty);
}

void beam_search(StepModel& model, SentenceFeed& feed, const SearchOptions& options) {
  if (options.beam < 1 || options.n_best < 1 || options.n_best > options.beam)
    throw std::logic_error("n_best is not from 1 to the beam");
  Search(model, feed, options).run();
}

std::vector<std::vector<Hypothesis>> beam_search(StepModel& model,
                                                 const std::vector<SentenceSearch>& sentences,
                                                 const SearchOptions& options) {
  OneBatch batch(sentences);
  beam_search(model, batch, options);
  return batch.found();
}

}  // namespace penalmt
