#include "evaluation/scored_system.h"

#include <fmt/format.h>

namespace penalmt {
namespace {

// "bs:1000|seed:12345"
std::string signature_part(const char* test, const ResamplingOptions& options) {
  return fmt::format("{}:{}|seed:{}", test, options.samples, options.seed);
}

}  // namespace

void score_as_a_whole(const NamedScores& named, ScoredSystem& system) {
  system.scores.clear();
  for (std::size_t m = 0; m < named.size(); ++m)
    system.scores.push_back(named[m]->score(system.statistics[m].sum()));
}

void estimate_confidence(const NamedScores& named, const ResamplingOptions& options,
                         ScoredSystem& system) {
  for (std::size_t m = 0; m < named.size(); ++m) {
    system.scores[m].confidence = bootstrap_confidence(*named[m], system.statistics[m], options);
    system.scores[m].signature = named[m]->signature(signature_part("bs", options));
  }
}

void test_in_pairs(const NamedScores& named, PairedTest test, const ResamplingOptions& options,
                   const std::vector<ScoredSystem*>& systems) {
  const bool is_bootstrap = test == PairedTest::kBootstrap;
  const auto& tested = is_bootstrap ? paired_bootstrap : paired_randomisation;
  for (std::size_t m = 0; m < named.size(); ++m) {
    std::vector<Statistics> statistics;
    for (const ScoredSystem* system : systems) statistics.push_back(system->statistics[m]);
    const std::vector<TestResult> results = tested(*named[m], statistics, options);
    for (std::size_t s = 0; s < systems.size(); ++s) {
      MetricScore& score = systems[s]->scores[m];
      score.confidence = results[s].confidence;
      score.p_value = results[s].p_value;
      score.equals_first = s > 0 && statistics[s].numbers == statistics.front().numbers;
      score.signature = named[m]->signature(signature_part(is_bootstrap ? "bs" : "ar", options));
    }
  }
}

}  // namespace penalmt
