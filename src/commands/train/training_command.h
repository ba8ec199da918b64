// What the commands that train share: their arguments, and the folder of a run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands/cli/command.h"
#include "commands/cli/shared_options.h"
#include "training/run_start.h"

namespace penalmt {

struct TrainingArguments {
  std::string recipe, out;
  std::vector<std::string> assignments;
  bool resume = false, explain = false, print_recipe = false, trust_encoder = false;
  // Options of the command that may have many processes.
  bool dry_run = false;
  int64_t processes = 1, silence = 30;
  MachineOptions machine;

  template <class Visitor>
  void visit(Visitor& v) {
    v("recipe", recipe, "the recipe: JSON, // comments allowed; not needed with --resume",
      option().positional());
    v("out", out, "the run folder: weights, checkpoints, metrics.jsonl", option().value("RUN"));
    v("set", assignments, "key=value: overrides the recipe; may be repeated",
      option().one_by_one());
    v("resume", resume, "continue the run in the folder (or begin it)");
    v("fields", explain,
      "print every key of a recipe and leave; with a word in the recipe's place, the keys that "
      "hold "
      "it: --fields tau");
    v("print_recipe", print_recipe,
      "print the recipe with all its values, as JSON, and leave; no data is read");
    visit_trust(v, trust_encoder);
    machine.visit(v);
  }
};

struct TrainingWork {
  const char* words;        // "classify train": the command, as it is called
  std::string (*fields)();  // of a recipe, one line each: what --fields prints
  nlohmann::ordered_json (*recipe)(const TrainingArguments& arguments);  // with all its values
  void (*train)(const TrainingArguments& arguments);
};

// Has `work` done with arguments that are complete. Throws Error where they are not.
void run_training(const TrainingWork& work, const TrainingArguments& arguments);

constexpr const char* kResume = "--resume";

// The recipe to read: the one that was given, else that of the run to go on with. Throws Error
// where there is none.
std::filesystem::path recipe_file(const TrainingArguments& arguments);

}  // namespace penalmt
