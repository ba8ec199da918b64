// The runs of a comparison: those of one recipe put together, and tested against the first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/bleu.h"
#include "evaluation/resampling.h"
#include "report/comparison.h"

namespace penalmt {

// The runs of one recipe, whatever their seed.
struct RunGroup {
  std::string name;
  std::vector<std::size_t> runs;  // numbers among all runs
  std::vector<std::string> seeds;
};

// Reads each folder's recipe.json; `runs` are of the same folders. Throws Error where that is no
// run's recipe, where translators stand beside classifiers, and where a recipe has a seed twice; as
// read_file (base/files.h).
std::vector<RunGroup> group_runs(const std::vector<std::string>& folders,
                                 const std::vector<Run>& runs);

// Throws Error where some of the runs train a classifier and others a translator; one without a
// recipe.json that can be read is neither.
void expect_one_kind(const std::vector<std::string>& runs);

// The run's model, a translator, was trained without images; false where recipe.json is not there
// or does not say. Throws as read_file and expect_shallow (base/json.h).
bool is_text_only_run(const std::string& run);

// In which settings the groups' recipes differ, and each group's own, as columns of the comparison,
// which has a row a group; of more than eight the first. `folders` as group_runs() got them. Throws
// as it.
void add_setting_columns(Comparison& comparison, const std::vector<RunGroup>& groups,
                         const std::vector<std::string>& folders);

// Updates, lowest validation nll and highest validation BLEU of each group's runs. The comparison
// has a row a group.
void add_training_columns(Comparison& comparison, const std::vector<RunGroup>& groups);

// A test set as every run translated it.
struct TestTranslations {
  std::string name;  // "test2016"
  std::vector<std::string> references;
  std::vector<std::vector<std::string>> hypotheses;  // one a run, each as long as the references
};

// Scores that another program gave the sentences of each run: [run][sentence].
struct GivenRunScores {
  std::string name;  // "COMET"
  bool lower_is_better = false;
  std::vector<std::vector<double>> numbers;
};

struct TestingOptions {
  BleuOptions bleu = {.tokenizer = "none"};
  int64_t trials = 10000;
  uint64_t seed = ResamplingOptions{}.seed;
  int threads = 0;  // 0: one a core
};

// BLEU of each group's runs, and a test of each group against the first by paired approximate
// randomisation: a sentence's statistics are added up over the seeds that both groups have. Throws
// as Bleu and paired_randomisation.
void add_test_column(Comparison& comparison, const std::vector<RunGroup>& groups,
                     const TestTranslations& test, const TestingOptions& options);

// The same of scores made elsewhere: their means, and the test.
void add_given_column(Comparison& comparison, const std::vector<RunGroup>& groups,
                      const GivenRunScores& scores, const TestingOptions& options);

}  // namespace penalmt
