// Beam search over a StepModel, for many sentences at once.
//
// A hypothesis's score is the sum of its tokens' log probabilities, the end token included, divided
// by length^A, the end token counted. At every position the K best extensions of a sentence's open
// hypotheses are taken, by log probability; those that end are finished, the others stay open. So a
// beam of 1 is greedy search.
//
//   position 1     position 2          position 3                     K = 2
//   a   -0.4       a c   -0.9          a c </s>  -1.3  finished
//   b   -1.2       b </s>-1.5  fin.    a c d     -1.9  open
//                  (2 rows open)       (1 row open: position 4 extends it to K again)
//
// What ends it: an open hypothesis with log probability p can reach at best p / limit^A, where
// `limit` is the longest length allowed, because further tokens can only lower p (for A < 0 at best
// p / (its length + 1)^A). Once n_best hypotheses are finished, an open one that cannot beat the
// n_best-th of them is dropped; a sentence without open ones leaves the batch. Dropping it changes
// no result: its descendants rank below those of every hypothesis that is kept, so they would never
// have taken a place from one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/config.h"
#include "decoding/step.h"

namespace penalmt {

struct SearchOptions {
  int64_t beam = 5;
  int64_t n_best = 1;
  double length_penalty = 1.0;
  // false: hypotheses come without log probabilities and scores (0), which greedy search for one
  // translation does not need and is faster without.
  bool scores = true;

  template <class Visitor>
  void visit(Visitor& v) {
    v("beam", beam, "hypotheses kept open for each sentence; 1: greedy search",
      config::between(1, 1000));
    v("n_best", n_best, "translations returned for each sentence; at most `beam`",
      config::between(1, 1000));
    v("length_penalty", length_penalty,
      "A in score = log probability / length^A; 0: none; larger prefers longer translations",
      config::between(-10, 10));
  }
};

struct Hypothesis {
  std::vector<int> tokens;  // without the end token
  double log_probability = 0;
  double score = 0;
};

// The most tokens of a translation, the end token included, for a source of so many tokens, its end
// token included.
inline int64_t longest_translation(int64_t source_length) { return 2 * source_length + 20; }

// log probability / length^A, where `length` counts the end token.
double hypothesis_score(double log_probability, int64_t length, double length_penalty);

// For each sentence its n_best best hypotheses, best first. limits[b], at least 1, is the most
// tokens that sentence b may get, the end token included; at the last position only the end is
// left. There are fewer than n_best where the vocabulary is too small for so many, and none where
// the model's scores are not numbers. Equal scores keep the order in which they were finished.
// Requires n_best <= beam. Deterministic; a sentence's result does not depend on the others. Throws
// what the model throws.
std::vector<std::vector<Hypothesis>> beam_search(StepModel& model,
                                                 const std::vector<int64_t>& limits,
                                                 const SearchOptions& options);

}  // namespace penalmt
