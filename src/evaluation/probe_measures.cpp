#include "evaluation/probe_measures.h"

#include <fmt/format.h>

#include "evaluation/resampling.h"
#include "evaluation/share.h"

namespace penalmt {

Measure metric_measure(std::shared_ptr<const Metric> metric, const std::string& signature,
                       const std::vector<std::vector<std::string>>& translations, int threads) {
  Measure measure{metric->name(), signature, metric, {}};
  for (const auto& of_condition : translations)
    measure.rows.push_back(metric->statistics(of_condition, threads));
  return measure;
}

Measure log_probability_measure(const std::vector<std::vector<double>>& logarithms,
                                const std::vector<int64_t>& tokens) {
  Measure measure{
      "log p", "of the references, natural logarithm a token", std::make_shared<Share>(1), {}};
  for (const std::vector<double>& of_condition : logarithms) {
    Statistics& rows = measure.rows.emplace_back(Statistics{.width = 2, .numbers = {}});
    for (std::size_t i = 0; i < tokens.size(); ++i)
      rows.numbers.insert(rows.numbers.end(), {of_condition[i], static_cast<double>(tokens[i])});
  }
  return measure;
}

Measure left_out_measure(const std::vector<std::vector<bool>>& right, double chance) {
  Measure measure{"left-out",
                  fmt::format("percent of the left-out words right; chance {:.1f}", chance),
                  std::make_shared<Share>(),
                  {}};
  for (const std::vector<bool>& of_condition : right) {
    Statistics& rows = measure.rows.emplace_back(Statistics{.width = 2, .numbers = {}});
    for (const bool is_right : of_condition)
      rows.numbers.insert(rows.numbers.end(), {is_right ? 1.0 : 0.0, 1.0});
  }
  return measure;
}

std::vector<SystemScores> compare_conditions(const std::vector<std::string>& conditions,
                                             const std::vector<Measure>& measures, uint64_t seed,
                                             int threads) {
  std::vector<SystemScores> table;
  for (const std::string& condition : conditions) table.push_back({condition, {}});
  const ResamplingOptions bootstrap{.seed = seed, .threads = threads};
  const ResamplingOptions randomisation{
      .samples = 10000, .seed = seed, .threads = threads, .count_equal = true};
  for (const Measure& measure : measures) {
    const std::vector<TestResult> tested =
        paired_randomisation(*measure.score, measure.rows, randomisation);
    for (std::size_t c = 0; c < conditions.size(); ++c)
      table[c].scores.push_back(
          {.name = measure.name,
           .score = tested[c].score,
           .signature = measure.signature,
           .verbose = "",
           .confidence = bootstrap_confidence(*measure.score, measure.rows[c], bootstrap),
           .p_value = tested[c].p_value});
  }
  return table;
}

}  // namespace penalmt
