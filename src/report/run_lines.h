// The lines of a run's metrics.jsonl or chain.jsonl, as training appends them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace penalmt {

struct RunLine {
  std::string text;
  std::string place;   // "runs/a/metrics.jsonl:3"
  int64_t number = 0;  // from 1
};

// use(line) for one line after the other. The last one is left out, with a warning, where it is an
// object's mere beginning: so a run leaves it that was killed while it wrote, and was not resumed.
// Throws as LineReader (base/line_reader.h), and what `use` throws.
void for_each_run_line(const std::filesystem::path& path,
                       const std::function<void(const RunLine&)>& use);

}  // namespace penalmt
