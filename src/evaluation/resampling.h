// How sure a score is, and whether two systems differ, by resampling the sentences; numbers are
// sacreBLEU 2.6's under NumPy 2, for the same seed.
//
//   bootstrap        (Koehn, 2004) draws as many sentences as there are, with replacement, again
//                    and again
//   randomisation    (Riezler and Maxwell, 2005) swaps the two systems' translations of random
//                    sentences
//
// Where a metric's statistics are no whole numbers (TER with three or more references) sacreBLEU's
// randomisation adds them in an order of its BLAS library's; a p-value may then differ where a
// trial and the truth are equal to the last bit.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evaluation/metric.h"

namespace penalmt {

struct TestResult {
  double score = 0;                      // of the whole corpus
  std::optional<double> p_value;         // against the first system; none for that one itself
  std::optional<Confidence> confidence;  // bootstrap only
};

struct ResamplingOptions {
  int64_t samples = 1000;
  uint64_t seed = 12345;
  int threads = 0;  // 0: one a core
  // sacreBLEU counts the samples whose difference is larger than the true one, so that of two equal
  // systems p is the least there is, 1 / (samples + 1), not 1. True: those that are as large count
  // too. Randomisation only.
  bool count_equal = false;
};

// Of one system, by the bootstrap. `statistics` are the metric's; at least one sentence. Throws
// Interrupted after Ctrl-C, as the tests below.
Confidence bootstrap_confidence(const SumScore& metric, const Statistics& statistics,
                                const ResamplingOptions& options);

// Each system against the first, by the paired bootstrap test or by paired approximate
// randomisation: one entry a system. `systems` are the metric's statistics of the same sentences.
// The p-value is two-sided: the share of samples whose difference is larger than the true one, were
// the systems the same.
std::vector<TestResult> paired_bootstrap(const SumScore& metric,
                                         const std::vector<Statistics>& systems,
                                         const ResamplingOptions& options);
std::vector<TestResult> paired_randomisation(const SumScore& metric,
                                             const std::vector<Statistics>& systems,
                                             const ResamplingOptions& options);

}  // namespace penalmt
