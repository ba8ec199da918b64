// The chain of a run over its training, as training.chain_every wrote it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penalmt {

// Numbers of one residual, one an update; NaN where there is none.
struct ChainHistoryNode {
  std::string stack, name;  // "encoder", "1 self-attention"
  std::vector<double> step, alignment, turning;
};

struct ChainHistory {
  std::vector<int64_t> updates;  // growing
  std::vector<ChainHistoryNode> nodes;
};

// Reads `run`/chain.jsonl; nullopt where there is no such file or no line in it. Throws Error
// "path:3: ..." for a line that training does not write, or with other residuals than the first; as
// for_each_run_line, which leaves a torn last line out.
std::optional<ChainHistory> read_chain_history(const std::filesystem::path& run);

}  // namespace penalmt
