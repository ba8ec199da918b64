// What the commands that train share: their arguments, and the folder of a run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands/cli/common.h"

namespace penalmt {

struct TrainingArguments {
  std::string recipe, out;
  std::vector<std::string> assignments;
  bool resume = false;
  MachineOptions machine;
};

struct TrainingCommand {
  const char *name, *meaning, *footer;
  std::string (*fields)();  // of a recipe, one line each: what --fields prints
  void (*train)(const TrainingArguments& arguments);
};

void add_training_command(CLI::App& parent, const TrainingCommand& training);

// A new run needs a new or empty folder; a continued one the same recipe, but for how long it goes
// on. `recipe`: as written by config::write; `read_again` does that for a recipe on the disk.
// Throws Error.
void check_run_folder(const std::filesystem::path& run, const nlohmann::json& recipe,
                      const std::function<nlohmann::json(const std::filesystem::path&)>& read_again,
                      bool resume);

}  // namespace penalmt
