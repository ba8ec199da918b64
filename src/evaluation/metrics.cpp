#include "evaluation/metrics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace penalmt {
namespace {

template <class Made, auto kOptions>
std::unique_ptr<Metric> make(const MetricOptions& options, const References& references) {
  return std::make_unique<Made>(options.*kOptions, references);
}

struct Row {
  const char* name;
  std::unique_ptr<Metric> (*make)(const MetricOptions& options, const References& references);
};

constexpr Row kRows[] = {
#define METRIC(name, Class) {#name, make<Class, &MetricOptions::name>},
#include "evaluation/metrics.inc"
#undef METRIC
};

}  // namespace

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.emplace_back(row.name);
  return names;
}

std::string metric_names_in_words() { return fmt::format("{}", fmt::join(metric_names(), ", ")); }

void expect_metrics(const std::vector<std::string>& names, const std::string& place) {
  const std::vector<std::string> known = metric_names();
  for (const std::string& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(fmt::format("{}: unknown metric; got '{}', expected one of {}{}", place, name,
                              metric_names_in_words(), did_you_mean(name, known)));
}

Metrics make_metrics(const std::vector<std::string>& names, const MetricOptions& options,
                     const References& references) {
  Metrics metrics;
  for (const Row& row : kRows)
    if (std::find(names.begin(), names.end(), row.name) != names.end())
      metrics.push_back(row.make(options, references));
  return metrics;
}

}  // namespace penalmt
