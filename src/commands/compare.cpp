#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "evaluation/bleu.h"
#include "evaluation/resampling.h"
#include "report/comparison.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

struct CompareOptions {
  Lines runs;
  Lines tests;  // "test2016.de=references.de"
  BleuOptions bleu = {.tokenizer = "none"};
  int64_t trials = 10000;
  uint64_t seed = ResamplingOptions{}.seed;
  int threads = 0;
  std::string page;

  template <class Visitor>
  void visit(Visitor& v) {
    v("RUN", runs,
      "run folders; those that differ in their seed alone share a row, the first is the baseline",
      option().positional().required());
    v("test", tests,
      "FILE=REFERENCES: score this translation in each run's folder; may be given several times");
    v("tokenize", bleu.tokenizer, "BLEU: how words are told apart");
    v("lowercase", bleu.lowercase, "BLEU: take capital and small letters as the same");
    v("paired_ar_n", trials, "trials of the paired approximate randomisation test",
      config::between(1, 100'000'000));
    v("html", page, "also write a page (needs no network), with training curves",
      option().value("FILE"));
    visit_threads(v, threads);
    visit_seed(v, seed);
  }
};

// The runs of one recipe, whatever their seed.
struct Group {
  std::string name;
  std::vector<std::size_t> runs;  // numbers in CompareOptions::runs
  Lines seeds;
};

// "text-seed3" is "text": a run's name without what tells seeds apart.
std::string name_without_seed(const std::string& name, const std::string& seed) {
  for (const std::string& ending :
       {"-seed" + seed, "_seed" + seed, "-s" + seed, "-" + seed, "_" + seed})
    if (name.ends_with(ending) && name.size() > ending.size())
      return name.substr(0, name.size() - ending.size());
  return name;
}

const char* kind_of(const nlohmann::json& recipe) {
  return recipe.contains("image_encoder") ? "a classifier" : "a translation model";
}

std::vector<Group> grouped(const Lines& folders, const std::vector<Run>& runs) {
  std::vector<Group> groups;
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
    Group& group = groups[static_cast<std::size_t>(known - recipes.begin())];
    const auto same = std::find(group.seeds.begin(), group.seeds.end(), seed);
    if (same != group.seeds.end())
      throw Error(fmt::format(
          "{}: got seed {} again, expected each seed of a recipe once; {} has it too", folders[r],
          seed, folders[group.runs[static_cast<std::size_t>(same - group.seeds.begin())]]));
    group.runs.push_back(r);
    group.seeds.push_back(seed);
  }
  std::set<std::string> known;
  for (Group& group : groups)
    if (!known.insert(group.name).second) group.name = folders[group.runs.front()];
  return groups;
}

// Adds the numbers of metrics.jsonl.
void add_training(Comparison& comparison, const std::vector<Group>& groups) {
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

// Each group's statistics, a sentence's row being the sum of its rows over the seeds that both
// groups have, so that a test draws sentences, not runs. Empty where they have no seed in common.
std::vector<Statistics> added_over_seeds(const Group& one, const std::vector<Statistics>& of_one,
                                         const Group& other,
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

// Adds one test set's scores, and tests each group against the first.
void add_test(const CompareOptions& options, const std::string& test, Comparison& comparison,
              const std::vector<Group>& groups) {
  const std::size_t equals = test.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == test.size())
    throw Error(fmt::format(
        "--test: got '{}', expected FILE=REFERENCES, FILE being a translation in each run's folder",
        test));
  const std::string file = test.substr(0, equals), references = test.substr(equals + 1);
  const Lines right = read_scored_lines(references);
  if (right.empty()) throw Error(references + ": got no lines, expected at least one");
  const Bleu bleu(options.bleu, References::single(right));
  comparison.columns.push_back({fs::path(file).stem().string() + " BLEU", 2,
                                ComparisonColumn::Best::kHighest, bleu.signature()});
  std::vector<std::vector<Statistics>> statistics;  // [group][run]
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ComparisonCell& cell = comparison.rows[g].cells.emplace_back();
    statistics.emplace_back();
    for (const std::size_t run : groups[g].runs) {
      const Lines lines =
          read_as_many(fs::path(options.runs[run]) / file, right.size(), references);
      statistics.back().push_back(bleu.statistics(lines, options.threads));
      cell.values.push_back(bleu.value(statistics.back().back().sum()));
    }
    if (g == 0) continue;
    const auto sums = added_over_seeds(groups[0], statistics.front(), groups[g], statistics.back());
    if (sums.empty()) continue;
    cell.p_value =
        paired_randomisation(bleu, sums,
                             {options.trials, options.seed, options.threads, /*count_equal=*/true})
            .back()
            .p_value;
  }
}

void compare(const CompareOptions& options) {
  if (!options.page.empty()) {
    Lines read;
    for (const std::string& test : options.tests) read.push_back(test.substr(test.find('=') + 1));
    expect_output("--html", options.page, read);
  }
  Comparison comparison;
  comparison.runs = read_runs({options.runs.begin(), options.runs.end()});
  const std::vector<Group> groups = grouped(options.runs, comparison.runs);
  for (const Group& group : groups) comparison.rows.push_back({group.name, group.seeds, {}});
  add_training(comparison, groups);
  for (const std::string& test : options.tests) add_test(options, test, comparison, groups);
  if (groups.size() > 1 && !options.tests.empty())
    comparison.test = fmt::format(
        "paired approximate randomisation, {} trials, seed {}, the sentences' statistics added up "
        "over the seeds that "
        "both have",
        options.trials, options.seed);
  if (!options.page.empty()) write_file(options.page, comparison_page(comparison));
  fmt::print("{}", comparison_markdown(comparison));
}

constexpr const char* kExamples =
    "Example:\n"
    "  penalmt compare runs/text-seed1 runs/text-seed2 runs/gated-seed1 runs/gated-seed2 \\\n"
    "      --test test_2016_flickr.de=multi30k/tok/test_2016_flickr.lc.norm.tok.de --html "
    "runs.html";

}  // namespace

Command compare_command() { return command<CompareOptions>(compare, kExamples); }

}  // namespace penalmt
