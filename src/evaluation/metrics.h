// The metrics by name: to add one, write its two files (as ter.h) and give it its row in
// metrics.inc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluation/bleu.h"
#include "evaluation/chrf.h"
#include "evaluation/metric.h"
#include "evaluation/ter.h"

namespace penalmt {

struct MetricOptions {
#define METRIC(name, Class) Class##Options name;
#include "evaluation/metrics.inc"
#undef METRIC

  template <class Visitor>
  void visit(Visitor& v) {
#define METRIC(name, Class) name.visit(v);
#include "evaluation/metrics.inc"
#undef METRIC
  }
};

using Metrics = std::vector<std::unique_ptr<Metric>>;

// "bleu", "chrf", "ter": in the order in which scores are shown.
std::vector<std::string> metric_names();
std::string metric_names_in_words();  // "bleu, chrf, ter"

// Throws Error "--metrics: unknown metric; got 'blue', expected one of bleu, chrf, ter; did you
// mean 'bleu'?" where a name is none of them. `place`: "--metrics".
void expect_metrics(const std::vector<std::string>& names, const std::string& place);

// Those metrics, each once, in the order of metric_names(). The names are metrics'. Throws Error as
// the metrics' constructors do.
Metrics make_metrics(const std::vector<std::string>& names, const MetricOptions& options,
                     const References& references);

}  // namespace penalmt
