// What the commands that train share: their arguments, and the folder of a run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "commands/cli/command.h"
#include "commands/cli/shared_options.h"
#include "training/run_folder.h"

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

// How two JSON objects differ, a line for each key that does, by `words` of "training.warmup" and
// what the two have.
std::vector<std::string> differing_keys(
    const nlohmann::json& one, const nlohmann::json& other,
    const std::function<std::string(const std::string& key, const std::string& one,
                                    const std::string& other)>& words,
    const std::string& prefix = "");

struct TrainingWork {
  const char* words;        // "classify train": the command, as it is called
  std::string (*fields)();  // of a recipe, one line each: what --fields prints
  nlohmann::ordered_json (*recipe)(const TrainingArguments& arguments);  // with all its values
  void (*train)(const TrainingArguments& arguments);
};

// Has `work` done with arguments that are complete. Throws Error where they are not.
void run_training(const TrainingWork& work, const TrainingArguments& arguments);

// What `training.precision` is in this run where it is auto: as the run in the folder has it, else
// bfloat16 where it trains on a CPU that multiplies it. `read_again`: as in check_run_folder.
std::string settled_precision(
    const std::string& precision, const RunFolder& run,
    const std::function<nlohmann::json(const std::filesystem::path&)>& read_again, bool on_cpu);

// The precision that `auto` is on a device: bfloat16 on a CPU that multiplies it, else float32.
std::string native_precision(const std::string& precision, bool on_cpu);

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
