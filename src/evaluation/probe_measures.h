// What a probe compares: how the same sentences come out under several conditions, as with right
// and with other images.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evaluation/metric.h"
#include "evaluation/score_format.h"

namespace penalmt {

// A number a condition, from rows a sentence.
struct Measure {
  std::string name, signature;
  std::shared_ptr<const SumScore> score;
  std::vector<Statistics> rows;  // one a condition
};

// By a metric; translations[condition][sentence]. Throws as Metric::statistics.
Measure metric_measure(std::shared_ptr<const Metric> metric, const std::string& signature,
                       const std::vector<std::vector<std::string>>& translations, int threads);

// The mean logarithm of the references' probability a token: logarithms[condition][sentence],
// tokens[sentence].
Measure log_probability_measure(const std::vector<std::vector<double>>& logarithms,
                                const std::vector<int64_t>& tokens);

// The percentage of left-out words that are right: right[condition][sentence]. `chance`: what
// guessing gets, in percent.
Measure left_out_measure(const std::vector<std::vector<bool>>& right, double chance);

// Each condition against the first: the measures' values with 95 % bootstrap intervals, and p by
// paired approximate randomisation, where equal differences count (evaluation/resampling.h).
// `threads`: 0 is one a core. Throws Interrupted after Ctrl-C.
std::vector<SystemScores> compare_conditions(const std::vector<std::string>& conditions,
                                             const std::vector<Measure>& measures, uint64_t seed,
                                             int threads);

}  // namespace penalmt
