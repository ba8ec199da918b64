// What a search is told: of all sentences, and of one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace penalmt {

// Tokens drawn by chance in place of searched: from the model's distribution with its logits
// divided by the temperature, of which the top_k most probable tokens are kept, and of these the
// fewest whose probabilities sum to top_p or more (Fan et al. 2018; Holtzman et al. 2020).
struct SamplingOptions {
  double temperature = 1.0;  // above 0
  int64_t top_k = 0;         // 0: all
  double top_p = 1.0;        // above 0; 1: all
  uint64_t seed = 1;
};

struct SearchOptions {
  int64_t beam = 5;             // hypotheses kept open for each sentence; 1: greedy search
  int64_t n_best = 1;           // translations returned for each sentence; at most `beam`
  double length_penalty = 1.0;  // A in score = log probability / length^A
  // P: a sentence ends once P * beam hypotheses are finished (Kasai et al. 2022); 0: only once no
  // open one can be better than those.
  double patience = 0.0;
  // true: K hypotheses stay open when some of the K best end (Transformers' and CTranslate2's
  // search, for K above 1); patience, where it is given, alone ends a sentence; and the end that
  // the last position forces costs nothing. false: they
  // leave their places empty for that position.
  bool refill = false;
  // With `refill` and no patience, Transformers' guess: a sentence ends once K hypotheses are
  // finished and the best open one, with its present length, is no better than the worst of these.
  bool guess_end = false;
  int64_t min_length = 0;       // tokens before the end may come
  int64_t max_length = 0;       // the most tokens before the end; 0: longest_translation
  int64_t no_repeat_ngram = 0;  // no n tokens in a row come twice; 0: they may
  bool no_unknown = false;      // kUnknown is never written
  // false: hypotheses come without log probabilities and scores (0), which greedy search for one
  // translation does not need and is faster without.
  bool scores = true;
  std::optional<SamplingOptions> sampling = {};  // there: n_best draws, `beam` and `patience` aside
};

struct SentenceSearch {
  int64_t limit = 1;  // the most tokens it may get, the end token included; above the prefix's
  std::vector<int> prefix = {};  // what it begins with, whatever the model thinks of it
  uint64_t stream = 0;           // whose random numbers it draws: the line's
  std::vector<int> choice = {};  // the tokens that it may be made of, ascending; empty: all
};

struct Hypothesis {
  std::vector<int> tokens;  // without the end token
  // Of the whole translation by the model itself, the end token and a prefix included, whatever was
  // forbidden or forced.
  double log_probability = 0;
  double score = 0;
  std::vector<float> token_log_probabilities;  // of each token, then of the end
};

// The most tokens of a translation, the end token included, for a source of so many tokens, its end
// token included.
inline int64_t longest_translation(int64_t source_length) { return 2 * source_length + 20; }

// log probability / length^A, where `length` counts the end token.
double hypothesis_score(double log_probability, int64_t length, double length_penalty);

}  // namespace penalmt
