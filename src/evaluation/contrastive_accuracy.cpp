#include "evaluation/contrastive_accuracy.h"

#include <cmath>
#include <map>

namespace penalmt {
namespace {

constexpr double kTie = 1e-6;  // rounding of the scores of one sentence in two batches

double score(const ScoredTarget& target, ContrastiveScore by) {
  return by == ContrastiveScore::kProbability
             ? target.log_probability
             : target.log_probability / static_cast<double>(target.tokens);
}

bool tie(double lead) { return std::abs(lead) <= kTie; }

}  // namespace

Statistics contrastive_rows(const std::vector<std::string>& sources,
                            const std::vector<ScoredTarget>& correct,
                            const std::vector<ScoredTarget>& incorrect, ContrastiveScore by,
                            Ties ties) {
  Statistics rows{.width = 2, .numbers = {}};
  std::map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto [place, is_new] = row_of.emplace(sources[i], row_of.size());
    if (is_new) rows.numbers.insert(rows.numbers.end(), {0, 0});
    double* row = &rows.numbers[place->second * rows.width];
    const double lead = score(correct[i], by) - score(incorrect[i], by);
    row[0] += tie(lead) ? (ties == Ties::kHalf ? 0.5 : 0) : lead > 0 ? 1 : 0;
    row[1] += 1;
  }
  return rows;
}

Perplexities perplexities(const std::vector<ScoredTarget>& correct,
                          const std::vector<ScoredTarget>& incorrect) {
  Perplexities all;
  for (std::size_t i = 0; i < correct.size(); ++i) {
    const double right = score(correct[i], ContrastiveScore::kPerplexity),
                 wrong = score(incorrect[i], ContrastiveScore::kPerplexity);
    all.correct.push_back(std::exp(-right));
    all.incorrect.push_back(std::exp(-(tie(right - wrong) ? right : wrong)));
  }
  return all;
}

}  // namespace penalmt
