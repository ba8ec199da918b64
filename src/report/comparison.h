// Training runs side by side: one row for the runs of a recipe that differ in their seed alone,
// with mean and standard deviation over the seeds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/downloads.h"
#include "report/runs.h"

namespace penalmt {

struct ComparisonColumn {
  std::string name;  // "test2016 BLEU"
  int digits = 1;    // after the point
  enum class Best { kNone, kLowest, kHighest } best = Best::kHighest;
  std::string signature = "";  // of a metric
};

struct ComparisonCell {
  std::vector<double> values = {};     // one a run; may be empty
  std::optional<double> p_value = {};  // of a test against the first row; never in that one
  bool equals_first = false;           // what is scored is the first row's, sentence by sentence
};

struct ComparisonRow {
  std::string name;                        // "gated"
  std::vector<std::string> seeds;          // one a run
  std::vector<ComparisonCell> cells;       // one a column
  std::vector<std::string> settings = {};  // one each of Comparison::settings; "–": it has none
  std::vector<std::size_t> runs = {};      // numbers among Comparison::runs
};

struct Comparison {
  std::vector<ComparisonColumn> columns;
  std::vector<ComparisonRow> rows;  // at least one; the first is the baseline
  std::string test = "";            // what the p-values come from; empty where there are none
  std::vector<Run> runs = {};       // training curves, for the page
  // In what the recipes differ: "model.fusion". The first ones are shown, all are in runs.tsv.
  std::vector<std::string> settings = {};
  std::size_t shown_settings() const { return std::min<std::size_t>(settings.size(), 8); }
  PageOrigin origin = {};
};

// The mean, and "± 0.2" (the standard deviation of a sample) where there are several values; "–"
// where there is none.
std::string cell_text(const ComparisonCell& cell, int digits);

// A table; the best mean of a column is bold, a star marks a p-value of at most 0.05. Notes below
// it.
std::string comparison_markdown(const Comparison& comparison);
// The same as a page, with training curves.
std::string comparison_page(const Comparison& comparison);

}  // namespace penalmt
