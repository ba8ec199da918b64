// Log-softmax and the best few of each row, in one reading of the logits.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace penalmt {

// The best next tokens of each row. Tokens with equal logits come in ascending order of their
// numbers.
struct Candidates {
  int64_t count = 0;                     // candidates a row
  std::vector<int> tokens;               // [N, count], best first
  std::vector<float> log_probabilities;  // [N, count]
  std::vector<float> end;                // [N] log probability of `end_token`
  std::vector<float> asked;              // [N] of the tokens asked for; none where none were
};

struct CandidateRule {
  int64_t count = 1;    // candidates wanted a row; fewer where the vocabulary is smaller
  int first_token = 2;  // tokens below it (padding, start of sentence) are never candidates; their
                        // probability counts all the same
  int end_token = 2;    // its log probability is always wanted
  std::vector<int> asked = {};  // [N] a token of each row whose log probability is wanted, too
  bool probabilities = true;  // false: the logits alone are wanted, in place of log probabilities;
                              // on the CPU that spares their sum
  // The rule for `count` rows from `first` on.
  CandidateRule of_rows(int64_t first, int64_t count) const;
};

// Takes the logits of the same N rows a tile of columns after the other, so that they need not all
// be in memory, nor leave the cache. float32 on the CPU.
class CandidateScan {
 public:
  // `spare` more candidates than the rule's are kept for finish(exact).
  CandidateScan(int64_t rows, const CandidateRule& rule, int64_t spare = 0);
  // `tile` points at logits [N, columns] of the columns from `first_column`; consecutive rows lie
  // `stride` floats apart.
  void add(const float* tile, int64_t stride, int64_t first_column, int64_t columns);
  // `exact` (row, token) gives the logit again where the tiles are rounded: the candidates are
  // those of the kept ones whose exact logits are the largest.
  using ExactLogit = std::function<float(int64_t row, int token)>;
  Candidates finish(const ExactLogit& exact = {}) const;

 private:
  int64_t rows_, kept_, columns_seen_ = 0;
  CandidateRule rule_;
  std::vector<float> maximum_, best_logits_, end_logits_, asked_logits_;  // [N, kept] or [N]
  std::vector<double> sum_;       // [N] of e^(logit - maximum)
  std::vector<int> best_tokens_;  // [N, kept]
};

// Those of rows that follow one another; where one part has fewer a row, its last ones are -1, of
// the probability 0.
Candidates joined(const std::vector<Candidates>& parts);

}  // namespace penalmt
