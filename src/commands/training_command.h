// What the commands that train share: their arguments, and the folder of a run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands/cli/common.h"
#include "training/run_folder.h"

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

// The recipe to read: the one that was given, else that of the run to go on with. Throws Error
// where there is none.
std::filesystem::path recipe_file(const TrainingArguments& arguments);

// A new run needs a new or empty folder, or one whose start came to no update; a continued one the
// same recipe, but for how long it goes on. `recipe`: as written by config::write; `read_again`
// does that for a recipe on the disk. Throws Error where that is not so, with every key that
// differs; and what `read_again` throws.
void check_run_folder(const RunFolder& run, const nlohmann::json& recipe,
                      const std::function<nlohmann::json(const std::filesystem::path&)>& read_again,
                      bool resume);

}  // namespace penalmt
