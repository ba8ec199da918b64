#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "evaluation/given_scores.h"
#include "report/run_groups.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

struct CompareOptions {
  Lines runs;
  Lines tests;   // "test2016.de=references.de"
  Lines scores;  // "COMET=test2016.comet"
  Lines lower_is_better;
  TestingOptions testing;
  std::string page;

  template <class Visitor>
  void visit(Visitor& v) {
    v("RUN", runs,
      "run folders; those that differ in their seed alone share a row, the first is the baseline",
      option().positional().required());
    v("test", tests,
      "FILE=REFERENCES: score this translation in each run's folder; may be given several times");
    v("scores", scores,
      "NAME=FILE: scores made elsewhere, as COMET=test2016.comet, a file in each run's folder with "
      "one number a line; may be given several times",
      option().value("NAME=FILE"));
    v("lower_is_better", lower_is_better, "which of --scores are the better the lower they are",
      option().value("NAME").needs("scores"));
    testing.bleu.visit_words(v);
    v("paired_ar_n", testing.trials, "trials of the paired approximate randomisation test",
      config::between(1, 100'000'000));
    v("html", page, "also write a page (needs no network), with training curves",
      option().value("FILE"));
    visit_threads(v, testing.threads);
    visit_seed(v, testing.seed);
  }
};

// FILE=REFERENCES, read for all runs.
TestTranslations read_test(const CompareOptions& options, const std::string& test) {
  const std::size_t equals = test.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == test.size())
    throw Error(fmt::format(
        "--test: got '{}', expected FILE=REFERENCES, FILE being a translation in each run's folder",
        test));
  const std::string file = test.substr(0, equals), references = test.substr(equals + 1);
  TestTranslations read{.name = fs::path(file).stem().string(),
                        .references = read_scored_lines(references),
                        .hypotheses = {}};
  if (read.references.empty()) throw Error(references + ": got no lines, expected at least one");
  for (const std::string& run : options.runs)
    read.hypotheses.push_back(
        read_as_many(fs::path(run) / file, read.references.size(), references));
  return read;
}

// --scores, read for all runs, which have equally many.
GivenRunScores read_given(const CompareOptions& options, const std::string& scores) {
  const Lines& lower = options.lower_is_better;
  GivenRunScores given{
      .name = name_of_scores("--scores", scores), .lower_is_better = false, .numbers = {}};
  given.lower_is_better = std::find(lower.begin(), lower.end(), given.name) != lower.end();
  const std::string file = scores.substr(scores.find('=') + 1),
                    first = (fs::path(options.runs.front()) / file).string();
  for (const std::string& run : options.runs) {
    const std::string path = (fs::path(run) / file).string();
    const Lines lines = given.numbers.empty()
                            ? read_scored_lines(path)
                            : read_as_many(path, given.numbers.front().size(), first);
    if (lines.empty()) throw Error(path + ": got no lines, expected at least one");
    given.numbers.push_back(given_numbers(lines, path));
  }
  return given;
}

void compare(const CompareOptions& options) {
  if (!options.page.empty()) {
    Lines read;
    for (const std::string& test : options.tests) read.push_back(test.substr(test.find('=') + 1));
    expect_output("--html", options.page, read);
  }
  Comparison comparison;
  comparison.runs = read_runs({options.runs.begin(), options.runs.end()});
  if (!options.page.empty()) expect_not_read("--html", options.page);
  const std::vector<RunGroup> groups = group_runs(options.runs, comparison.runs);
  for (const RunGroup& group : groups)
    comparison.rows.push_back({group.name, group.seeds, {}, {}, group.runs});
  add_setting_columns(comparison, groups, options.runs);
  add_training_columns(comparison, groups);
  for (const std::string& test : options.tests)
    add_test_column(comparison, groups, read_test(options, test), options.testing);
  for (const std::string& scores : options.scores)
    add_given_column(comparison, groups, read_given(options, scores), options.testing);
  for (const std::string& name : options.lower_is_better)
    if (std::none_of(options.scores.begin(), options.scores.end(),
                     [&](const std::string& scores) { return scores.starts_with(name + "="); }))
      throw Error(fmt::format("--lower-is-better: got '{}', expected a name of --scores", name));
  if (groups.size() > 1 && (!options.tests.empty() || !options.scores.empty()))
    comparison.test = fmt::format(
        "paired approximate randomisation, {} trials, seed {}, the sentences' statistics added up "
        "over the seeds that "
        "both have",
        options.testing.trials, options.testing.seed);
  comparison.origin = page_origin();
  if (!options.page.empty()) write_output("--html", options.page, comparison_page(comparison));
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
