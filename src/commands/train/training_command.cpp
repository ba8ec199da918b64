#include "commands/train/training_command.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/text.h"
#include "datasets/features/script_trust.h"
#include "training/training_loop.h"

namespace penalmt {
namespace {

// The lines of the keys that hold `word`; all where it names a recipe, or is none.
std::string fields_with(const std::string& word, const std::string& fields) {
  if (word.empty() || std::filesystem::exists(word)) return fields;
  std::string found;
  std::vector<std::string> keys;
  for (const std::string_view line : split(fields, '\n')) {
    keys.emplace_back(line.substr(0, line.find(' ')));
    if (keys.back().find(word) != std::string::npos) found.append(line) += '\n';
  }
  if (found.empty())
    throw Error(fmt::format("--fields: no key holds '{}'{}", word, did_you_mean(word, keys)));
  return found;
}

}  // namespace

std::filesystem::path recipe_file(const TrainingArguments& arguments) {
  if (std::filesystem::is_directory(arguments.recipe))
    throw Error(
        fmt::format("{0}: a folder, expected a recipe; a run is gone on with by --resume --out {0}",
                    arguments.recipe));
  if (!arguments.recipe.empty()) return arguments.recipe;
  const std::filesystem::path file = std::filesystem::path(arguments.out) / "recipe.json";
  expect_readable_recipe(arguments.out, kResume);
  if (!std::filesystem::exists(file))
    throw Error(fmt::format(
        "{}: no recipe.json there; expected a run to continue, or a recipe to begin with",
        arguments.out));
  return file;
}

void run_training(const TrainingWork& work, const TrainingArguments& arguments) {
  if (arguments.trust_encoder) trust_all_scripts();
  if (arguments.explain) {
    fmt::print("{}", fields_with(arguments.recipe, work.fields()));
    return;
  }
  for (const std::string& assignment : arguments.assignments)
    if (assignment.find('=', 1) == std::string::npos)
      throw Error(fmt::format(
          "{}: --set: got '{}', expected key=value without spaces around '='; a recipe stands "
          "before --set",
          work.words, assignment));
  if (arguments.recipe.empty() && !arguments.resume)
    throw Error(
        fmt::format("{0}: no recipe given; expected 'penalmt {0} RECIPE --out RUN'", work.words));
  if (arguments.print_recipe) {
    AtomicFile output("-");
    output.write(work.recipe(arguments).dump(2) + "\n");
    output.commit();
    return;
  }
  if (arguments.out.empty() && !arguments.dry_run)
    throw Error(fmt::format("{}: no run folder given; expected '--out RUN'", work.words));
  try {
    work.train(arguments);
  } catch (const TrainingInterrupted& stopped) {
    std::filesystem::path run = arguments.out;
    if (!run.has_filename()) run = run.parent_path();  // as RunFolder calls it
    message(stopped.update() == 0 ? fmt::format("{}: stopped before the first update", run.string())
                                  : fmt::format("{}: saved at update {}; continue with --resume",
                                                run.string(), stopped.update()));
    throw;
  }
}

}  // namespace penalmt
