// The page of `penalmt chain --report`: the chains of several models side by side, by depth and
// over training.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluation/chain_statistics.h"
#include "report/chain_history.h"
#include "report/downloads.h"

namespace penalmt {

struct ChainReport {
  std::vector<ModelChains> models;                     // at least one
  std::vector<std::optional<ChainHistory>> histories;  // one a model
  PageOrigin origin = {};
};

std::string chain_report(const ChainReport& report);

}  // namespace penalmt
