// Systems under several scores, how sure each score is, and whether systems differ.
#pragma once

#include <vector>

#include "evaluation/metric.h"
#include "evaluation/resampling.h"

namespace penalmt {

// In the order of the scores that a system is looked at under.
struct ScoredSystem {
  std::vector<Statistics> statistics;  // of the same sentences for every system
  std::vector<MetricScore> scores;
};

using NamedScores = std::vector<const NamedScore*>;

// Fills `scores` by the statistics, one for each of `named`.
void score_as_a_whole(const NamedScores& named, ScoredSystem& system);

// Adds the intervals of the bootstrap to the scores and their signatures. Throws Interrupted after
// Ctrl-C, as test_in_pairs.
void estimate_confidence(const NamedScores& named, const ResamplingOptions& options,
                         ScoredSystem& system);

// Each system against the first: adds p-values, and intervals where the test gives some, to the
// scores and their signatures.
enum class PairedTest { kBootstrap, kRandomisation };
void test_in_pairs(const NamedScores& named, PairedTest test, const ResamplingOptions& options,
                   const std::vector<ScoredSystem*>& systems);

}  // namespace penalmt
