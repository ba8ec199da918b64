#include "commands/train/training_command.h"

#include <fmt/format.h>

#include "base/config.h"
#include "base/error.h"
#include "base/files.h"
#include "base/mistakes.h"
#include "base/progress.h"
#include "base/text.h"
#include "datasets/features/script_trust.h"
#include "tensors/precision.h"
#include "training/checkpoint.h"
#include "training/training_loop.h"

namespace penalmt {

std::vector<std::string> differing_keys(
    const nlohmann::json& one, const nlohmann::json& other,
    const std::function<std::string(const std::string& key, const std::string& one,
                                    const std::string& other)>& words,
    const std::string& prefix) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : one.items()) {
    const nlohmann::json others = other.value(key, nlohmann::json());
    if (value.is_object() && others.is_object())
      for (std::string& line : differing_keys(value, others, words, prefix + key + "."))
        lines.push_back(std::move(line));
    else if (value != others)
      lines.push_back(words(prefix + key, value.dump(), others.dump()));
  }
  return lines;
}

namespace {

// What is to be done where a run has lost its recipe: neither a new start nor --resume knows it.
std::string way_out(const std::filesystem::path& run) {
  return fmt::format(
      "; copy the recipe that the run began with to {} and give --resume, or begin in a new folder",
      (run / "recipe.json").string());
}

// Throws Error where the folder holds checkpoints and no recipe that can be read.
void expect_recipe_beside_checkpoints(const std::filesystem::path& run) {
  const std::filesystem::path file = run / "recipe.json";
  if (!std::filesystem::exists(run / "checkpoints") || !newest_checkpoint(run)) return;
  if (!std::filesystem::exists(file))
    throw Error(
        fmt::format("{}: holds checkpoints but no recipe.json{}", run.string(), way_out(run)));
  try {
    config::parse_file(file);
  } catch (const Error& error) {
    throw Error(error.what() + way_out(run));
  }
}

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
  if (!arguments.recipe.empty()) return arguments.recipe;
  const std::filesystem::path file = std::filesystem::path(arguments.out) / "recipe.json";
  expect_recipe_beside_checkpoints(arguments.out);
  if (!std::filesystem::exists(file))
    throw Error(fmt::format(
        "{}: no recipe.json there; expected a run to continue, or a recipe to begin with",
        arguments.out));
  return file;
}

std::string settled_precision(
    const std::string& precision, const RunFolder& run,
    const std::function<nlohmann::json(const std::filesystem::path&)>& read_again, bool on_cpu) {
  expect_recipe_beside_checkpoints(run.path());
  if (precision != "auto") return precision;
  const std::filesystem::path file = run.path() / "recipe.json";
  if (!run.is_empty() && !run.holds_mere_start() && std::filesystem::exists(file)) {
    const std::string before = read_again(file)["training"]["precision"];
    if (before != "auto") return before;
  }
  return native_precision(precision, on_cpu);
}

std::string native_precision(const std::string& precision, bool on_cpu) {
  if (precision != "auto") return precision;
  return on_cpu && bfloat16_is_native() ? "bfloat16" : "float32";
}

void check_run_folder(const RunFolder& run, const nlohmann::json& recipe,
                      const std::function<nlohmann::json(const std::filesystem::path&)>& read_again,
                      bool resume) {
  const std::string path = run.path().string();
  if (run.is_empty() || run.holds_mere_start()) return;
  if (!resume)
    throw Error(fmt::format(
        "{}: already holds files; expected a new folder; continue a run with --resume", path));
  const std::filesystem::path file = run.path() / "recipe.json";
  if (!std::filesystem::exists(file))
    throw Error(fmt::format(
        "{}: holds files but no recipe.json; expected a run to continue, or a new folder", path));
  // Read and written again: a field that a run begun earlier lacks has its default.
  nlohmann::json before = read_again(file), now = recipe;
  for (nlohmann::json* each : {&before, &now}) {
    if (recipe["training"]["decay"] != "linear")
      (*each)["training"].erase("updates");  // the linear decay depends on it
    for (const char* key : {"patience", "divergence", "keep_last", "keep_best", "keep_every"})
      (*each)["training"].erase(key);
  }
  std::vector<std::string> lines = differing_keys(
      now, before, [&](const std::string& key, const std::string& got, const std::string& earlier) {
        return fmt::format("{}: {}: got {}, the run began with {}", file.string(), key, got,
                           earlier);
      });
  if (lines.empty()) return;
  const auto newest = newest_checkpoint(run.path());
  lines.push_back(
      fmt::format("{}: without the recipe, --resume goes on as it began, at update {}; only "
                  "training.patience, divergence, keep_* and, without linear decay, "
                  "training.updates may change",
                  path, newest ? std::stoll(newest->filename().string()) : 0));
  throw Mistakes(std::move(lines));
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
