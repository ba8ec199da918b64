#include "commands/training_command.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "base/error.h"
#include "commands/cli/command_line.h"

namespace penalmt {

void check_run_folder(const std::filesystem::path& run, const nlohmann::json& recipe,
                      const std::function<nlohmann::json(const std::filesystem::path&)>& read_again,
                      bool resume) {
  if (!std::filesystem::exists(run) || std::filesystem::is_empty(run)) return;
  if (!resume)
    throw Error(
        fmt::format("{}: already holds files; expected a new folder; continue a run with --resume",
                    run.string()));
  if (!std::filesystem::exists(run / "recipe.json"))
    throw Error(fmt::format(
        "{}: holds files but no recipe.json; expected a run to continue, or a new folder",
        run.string()));
  // Read and written again: a field that a run begun earlier lacks has its default.
  nlohmann::json before = read_again(run / "recipe.json"), now = recipe;
  for (nlohmann::json* each : {&before, &now}) {
    if (recipe["training"]["decay"] != "linear")
      (*each)["training"].erase("updates");  // the linear decay depends on it
    (*each)["training"].erase("patience");
  }
  const nlohmann::json difference = nlohmann::json::diff(before, now);
  if (difference.empty()) return;
  std::string field = difference[0]["path"].get<std::string>().substr(1);  // "/data/features"
  std::replace(field.begin(), field.end(), '/', '.');
  throw Error(
      fmt::format("{}: begun with another recipe: {} differs; expected the same recipe to continue "
                  "(only training.patience "
                  "and, without linear decay, training.updates may change)",
                  (run / "recipe.json").string(), field));
}

void add_training_command(CLI::App& parent, const TrainingCommand& training) {
  struct Arguments : TrainingArguments {
    bool explain = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = parent.add_subcommand(training.name, training.meaning);
  command->footer(training.footer);
  command->add_option("recipe", arguments->recipe, "the recipe: JSON, // comments allowed");
  command->add_option("--out", arguments->out,
                      "the run folder: weights, checkpoints, metrics.jsonl");
  command
      ->add_option("--set", arguments->assignments,
                   "key=value: overrides the recipe; may be repeated")
      ->expected(1)
      ->take_all();
  command->add_flag("--resume", arguments->resume, "continue the run in the folder (or begin it)");
  command->add_flag("--fields", arguments->explain, "print every key of a recipe and leave");
  add_machine_options(*command, arguments->machine);
  command->callback([arguments, training, command] {
    if (arguments->explain) {
      fmt::print("{}", training.fields());
      return;
    }
    const std::string words = words_to(*command);
    if (arguments->recipe.empty())
      throw Error(
          fmt::format("{0}: no recipe given; expected 'penalmt {0} RECIPE --out RUN'", words));
    if (arguments->out.empty()) throw Error(words + ": no run folder given; expected '--out RUN'");
    training.train(*arguments);
  });
}

}  // namespace penalmt
