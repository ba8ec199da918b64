#include "training/run_start.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mistakes.h"
#include "tensors/precision.h"
#include "training/checkpoint.h"

namespace penalmt {
namespace {

// How two JSON objects differ, a line for each key that does, by `words` of "training.warmup" and
// what the two have.
std::vector<std::string> differing_keys(
    const nlohmann::json& one, const nlohmann::json& other,
    const std::function<std::string(const std::string& key, const std::string& one,
                                    const std::string& other)>& words,
    const std::string& prefix = "") {
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

// What is to be done where a run has lost its recipe: neither a new start nor going on knows it.
std::string way_out(const std::filesystem::path& run, const std::string& resume) {
  return fmt::format(
      "; copy the recipe that the run began with to {} and give {}, or begin in a new folder",
      (run / "recipe.json").string(), resume);
}

}  // namespace

void expect_readable_recipe(const std::filesystem::path& run, const std::string& resume) {
  const std::filesystem::path file = run / "recipe.json";
  const bool has_checkpoints =
      std::filesystem::exists(run / "checkpoints") && newest_checkpoint(run).has_value();
  if (!std::filesystem::exists(file)) {
    if (!has_checkpoints) return;
    throw Error(fmt::format("{}: holds checkpoints but no recipe.json{}", run.string(),
                            way_out(run, resume)));
  }
  try {
    config::parse_file(file);
  } catch (const Error& error) {
    throw Error(error.what() +
                (has_checkpoints ? way_out(run, resume)
                                 : "; there is no checkpoint to go on from: begin with a recipe in "
                                   "a new folder, or remove this one first"));
  }
}

std::string settled_precision(const std::string& precision, const RunFolder& run,
                              const ReadRecipe& read_again, bool on_cpu,
                              const std::string& resume) {
  if (!run.holds_mere_start()) expect_readable_recipe(run.path(), resume);
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
                      const ReadRecipe& read_again, bool goes_on, const std::string& resume) {
  const std::string path = run.path().string();
  if (run.is_empty() || run.holds_mere_start()) return;
  if (!goes_on)
    throw Error(fmt::format(
        "{}: already holds files; expected a new folder; continue a run with {}", path, resume));
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
      fmt::format("{}: without the recipe, {} goes on as it began, at update {}; only "
                  "training.patience, divergence, keep_* and, without linear decay, "
                  "training.updates may change",
                  path, resume, newest ? std::stoll(newest->filename().string()) : 0));
  throw Mistakes(std::move(lines));
}

void expect_same_recipe(const nlohmann::json& recipe, ProcessGroup& group) {
  const auto leading =
      parse_json<nlohmann::json>(group.shared(recipe.dump()), "the recipe of rank 0");
  std::vector<std::string> lines =
      differing_keys(recipe, leading, [](const auto& key, const auto& got, const auto& expected) {
        return fmt::format("{}: got {}, rank 0 has {}", key, got, expected);
      });
  if (!lines.empty()) throw Error(fmt::format("the recipe: {}", fmt::join(lines, "; ")));
}

void expect_same_data(const std::string& place, const std::string& fingerprint,
                      ProcessGroup& group) {
  if (group.shared(fingerprint) != fingerprint)
    throw Error(place + ": got other sentences or images than rank 0");
}

}  // namespace penalmt
