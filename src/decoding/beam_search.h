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

#include <vector>

#include "decoding/search_options.h"
#include "decoding/step.h"

namespace penalmt {

// Sentences that wait to be searched. They enter as others are answered, so that the model's rows
// stay many to the end.
class SentenceFeed {
 public:
  virtual ~SentenceFeed() = default;
  // The sentences that there is room for now: before it returns, the model has a row for each,
  // behind its others (none where all were answered). Asked at every step; the search ends where
  // there are none and none is open.
  virtual std::vector<SentenceSearch> next() = 0;
  // What was found for the sentence that next() gave as the so-manieth, from 0.
  virtual void done(int64_t sentence, std::vector<Hypothesis> found) = 0;
};

// As below, for sentences that come one after the other. A sentence's result does not depend on
// when it entered.
void beam_search(StepModel& model, SentenceFeed& feed, const SearchOptions& options);

// For each sentence its n_best best hypotheses, best first. At the last position that the limit
// allows only the end is left. There are fewer than n_best where the vocabulary is too small for so
// many, and none where the model's scores are not numbers or the rules leave no token. Equal scores
// keep the order in which they were finished. Requires n_best <= beam. Deterministic; a sentence's
// result does not depend on the others. Throws what the model throws.
std::vector<std::vector<Hypothesis>> beam_search(StepModel& model,
                                                 const std::vector<SentenceSearch>& sentences,
                                                 const SearchOptions& options);

}  // namespace penalmt
