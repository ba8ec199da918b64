#include "report/run_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "evaluation/given_scores.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// "text-seed3" is "text": a run's name without what tells seeds apart.
std::string name_without_seed(const std::string& name, const std::string& seed) {
  for (const std::string& ending :
       {"-seed" + seed, "_seed" + seed, "-s" + seed, "-" + seed, "_" + seed})
    if (name.ends_with(ending) && name.size() > ending.size())
      return name.substr(0, name.size() - ending.size());
  return name;
}

// null where the run has none that can be read.
nlohmann::json recipe_if_any(const std::string& run) {
  const fs::path path = fs::path(run) / "recipe.json";
  if (!fs::exists(path)) return nullptr;
  auto recipe = parse_json<nlohmann::json>(read_file(path), path.string(), nullptr,
                                           /*allow_exceptions=*/false);
  return recipe.is_object() ? recipe : nlohmann::json();
}

const char* kind_of(const nlohmann::json& recipe) {
  return recipe.contains("image_encoder") ? "a classifier" : "a translation model";
}

// Each group's statistics, a sentence's row being the sum of its rows over the seeds that both
// groups have, so that a test draws sentences, not runs. Empty where they have no seed in common.
std::vector<Statistics> added_over_seeds(const RunGroup& one, const std::vector<Statistics>& of_one,
                                         const RunGroup& other,
                                         const std::vector<Statistics>& of_other) {
  std::vector<Statistics> sums;
  for (std::size_t r = 0; r < one.seeds.size(); ++r) {
    const auto same = std::find(other.seeds.begin(), other.seeds.end(), one.seeds[r]);
    if (same == other.seeds.end()) continue;
    const Statistics& partner = of_other[static_cast<std::size_t>(same - other.seeds.begin())];
    if (sums.empty()) {
      sums = {of_one[r], partner};
    } else {
      sums[0] += of_one[r];
      sums[1] += partner;
    }
  }
  return sums;
}

// A cell for each group: its runs' scores and the test against the first group.
void add_tested_cells(Comparison& comparison, const std::vector<RunGroup>& groups,
                      const SumScore& score, const std::vector<Statistics>& of_runs,
                      const TestingOptions& options) {
  std::vector<std::vector<Statistics>> statistics;  // [group][run]
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ComparisonCell& cell = comparison.rows[g].cells.emplace_back();
    statistics.emplace_back();
    for (const std::size_t run : groups[g].runs) {
      statistics.back().push_back(of_runs[run]);
      cell.values.push_back(score.value(of_runs[run].sum()));
    }
    if (g == 0) continue;
    const auto sums = added_over_seeds(groups[0], statistics.front(), groups[g], statistics.back());
    if (sums.empty()) continue;
    cell.equals_first = sums[0].numbers == sums[1].numbers;
    cell.p_value =
        paired_randomisation(score, sums,
                             {options.trials, options.seed, options.threads, /*count_equal=*/true})
            .back()
            .p_value;
  }
}

const std::string kNone = "–";

// "model.fusion": "gated", for every key of the recipe but the seed.
using Settings = std::map<std::string, std::string>;
void flatten(const nlohmann::json& value, const std::string& name, Settings& settings) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items())
      flatten(inner, name.empty() ? key : name + "." + key, settings);
  } else if (name != "training.seed") {
    settings[name] = value.is_string() ? value.get<std::string>() : dump_json(value);
  }
}

}  // namespace

void add_setting_columns(Comparison& comparison, const std::vector<RunGroup>& groups,
                         const std::vector<std::string>& folders) {
  std::vector<Settings> of_groups;
  Settings all;
  for (const RunGroup& group : groups) {
    const fs::path path = fs::path(folders[group.runs.front()]) / "recipe.json";
    flatten(parse_json<nlohmann::json>(read_file(path), path.string()), "",
            of_groups.emplace_back());
    all.insert(of_groups.back().begin(), of_groups.back().end());
  }
  struct Column {
    std::string name;
    std::vector<std::string> values;
  };
  std::vector<Column> columns;
  for (const auto& [name, ignored] : all) {
    std::vector<std::string> values;
    for (const Settings& settings : of_groups) {
      const auto found = settings.find(name);
      values.push_back(found == settings.end() ? kNone : found->second);
    }
    if (std::count(values.begin(), values.end(), values.front()) ==
        static_cast<std::ptrdiff_t>(values.size()))
      continue;
    columns.push_back({name, values});
  }
  // What tells most about a model comes first: its own settings before the data's, those that all
  // recipes have before those that some lack.
  const auto rank = [](const Column& column) {
    constexpr std::array kParts = {"model.", "training.", "tokenizer.", "decoding.", "data."};
    const auto part = std::find_if(kParts.begin(), kParts.end(),
                                   [&](const char* name) { return column.name.starts_with(name); });
    return std::pair(std::count(column.values.begin(), column.values.end(), kNone) > 0,
                     part == kParts.end() ? 1 : part - kParts.begin());
  };
  std::stable_sort(columns.begin(), columns.end(),
                   [&](const Column& a, const Column& b) { return rank(a) < rank(b); });
  for (const Column& column : columns) {
    comparison.settings.push_back(column.name);
    for (std::size_t g = 0; g < groups.size(); ++g)
      comparison.rows[g].settings.push_back(column.values[g]);
  }
}

void expect_one_kind(const std::vector<std::string>& runs) {
  std::string first, kind_of_first;
  for (const std::string& run : runs) {
    const nlohmann::json recipe = recipe_if_any(run);
    if (!recipe.is_object()) continue;
    if (first.empty()) {
      first = run;
      kind_of_first = kind_of(recipe);
    }
    if (kind_of(recipe) != kind_of_first)
      throw Error(fmt::format("{}: got the run of {}, expected {} as in {}", run, kind_of(recipe),
                              kind_of_first, first));
  }
}

bool is_text_only_run(const std::string& run) {
  const nlohmann::json recipe = recipe_if_any(run);
  const auto fusion = "/model/fusion"_json_pointer;
  return recipe.contains(fusion) && recipe[fusion] == "none";
}

std::vector<RunGroup> group_runs(const std::vector<std::string>& folders,
                                 const std::vector<Run>& runs) {
  std::vector<RunGroup> groups;
  std::vector<nlohmann::json> recipes;  // one a group, without the seed
  for (std::size_t r = 0; r < folders.size(); ++r) {
    const fs::path path = fs::path(folders[r]) / "recipe.json";
    nlohmann::json recipe;
    std::string seed;
    try {
      recipe = parse_json<nlohmann::json>(read_file(path), path.string());
      seed = dump_json(recipe.at("training").at("seed"));
      recipe["training"].erase("seed");
    } catch (const nlohmann::json::exception&) {
      throw Error(path.string() + ": not a run's recipe; expected JSON with training.seed");
    }
    if (!recipes.empty() && kind_of(recipe) != kind_of(recipes.front()))
      throw Error(fmt::format("{}: got the run of {}, expected {} as in {}", folders[r],
                              kind_of(recipe), kind_of(recipes.front()), folders.front()));
    const auto known = std::find(recipes.begin(), recipes.end(), recipe);
    if (known == recipes.end()) {
      recipes.push_back(recipe);
      groups.push_back({name_without_seed(runs[r].name, seed), {r}, {seed}});
      continue;
    }
    RunGroup& group = groups[static_cast<std::size_t>(known - recipes.begin())];
    const auto same = std::find(group.seeds.begin(), group.seeds.end(), seed);
    if (same != group.seeds.end())
      throw Error(fmt::format(
          "{}: got seed {} again, expected each seed of a recipe once; {} has it too", folders[r],
          seed, folders[group.runs[static_cast<std::size_t>(same - group.seeds.begin())]]));
    group.runs.push_back(r);
    group.seeds.push_back(seed);
  }
  std::set<std::string> known;
  for (RunGroup& group : groups)
    if (!known.insert(group.name).second) group.name = folders[group.runs.front()];
  return groups;
}

void add_training_columns(Comparison& comparison, const std::vector<RunGroup>& groups) {
  using Best = ComparisonColumn::Best;
  comparison.columns = {{"updates", 0, Best::kNone, ""},
                        {"lowest validation nll", 4, Best::kLowest, ""},
                        {"highest validation BLEU", 2, Best::kHighest, ""}};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<ComparisonCell>& cells = comparison.rows[g].cells;
    cells.resize(3);
    for (const std::size_t run : groups[g].runs) {
      const Run& curve = comparison.runs[run];
      cells[0].values.push_back(static_cast<double>(curve.points.back().update));
      if (const RunPoint* best = best_point(curve, &RunPoint::valid_nll, true))
        cells[1].values.push_back(*best->valid_nll);
      if (const RunPoint* best = best_point(curve, &RunPoint::valid_bleu, false))
        cells[2].values.push_back(*best->valid_bleu);
    }
  }
}

void add_test_column(Comparison& comparison, const std::vector<RunGroup>& groups,
                     const TestTranslations& test, const TestingOptions& options) {
  const Bleu bleu(options.bleu, References::single(test.references));
  comparison.columns.push_back(
      {test.name + " BLEU", 2, ComparisonColumn::Best::kHighest, bleu.signature()});
  std::vector<Statistics> of_runs;
  for (const auto& hypotheses : test.hypotheses)
    of_runs.push_back(bleu.statistics(hypotheses, options.threads));
  add_tested_cells(comparison, groups, bleu, of_runs, options);
}

void add_given_column(Comparison& comparison, const std::vector<RunGroup>& groups,
                      const GivenRunScores& scores, const TestingOptions& options) {
  using Best = ComparisonColumn::Best;
  const GivenScore score(scores.name, scores.lower_is_better);
  comparison.columns.push_back(
      {scores.name, 4, scores.lower_is_better ? Best::kLowest : Best::kHighest, score.signature()});
  std::vector<Statistics> of_runs;
  for (const auto& numbers : scores.numbers) of_runs.push_back(GivenScore::statistics(numbers));
  add_tested_cells(comparison, groups, score, of_runs, options);
}

}  // namespace penalmt
