// What a training run wrote down while it learned: the numbers behind the report's training curves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penalmt {

// One line of metrics.jsonl. A number is absent where the line has none, or null (what JSON makes
// of NaN).
struct RunPoint {
  int64_t update = 0;                    // optimiser steps so far, at least 1
  std::optional<double> nll, valid_nll;  // nats per target token, without label smoothing
  std::optional<double> valid_bleu;      // from 0 to 100
  std::optional<double> seconds;         // of training so far
};

struct Run {
  std::string name;
  std::vector<RunPoint> points;  // updates grow
};

// The point with the least or the greatest finite value of that number; nullptr where the run has
// none.
const RunPoint* best_point(const Run& run, std::optional<double> RunPoint::*number,
                           bool lower_is_better);

// Reads the metrics.jsonl of each run folder. A run is called as its folder's last part, or as the
// whole path where two folders end alike. Throws Error "path:3: ..." for a line that is no JSON
// object, lacks `update`, has another kind of value where a number belongs, or whose update does
// not follow the one before; and "path: ..." for an empty file; as for_each_run_line, which leaves
// a torn last line out.
std::vector<Run> read_runs(const std::vector<std::filesystem::path>& folders);

}  // namespace penalmt
