#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/common.h"
#include "commands/evaluate/steps.h"
#include "datasets/text/image_names.h"
#include "datasets/text/parallel_text.h"
#include "report/run_groups.h"
#include "report/sentence_groups.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// A table's own where no other is named.
fs::path image_folder(const EvaluateOptions& options) {
  if (!options.image_root.empty()) return options.image_root;
  const fs::path folder = fs::path(options.table).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// One path a sentence, empty where the name is empty or not on the disk.
std::vector<fs::path> found_images(const EvaluateOptions& options, const EvaluatedTexts& texts,
                                   std::size_t sentences) {
  const std::string& place = options.table.empty() ? options.images : options.table;
  const fs::path root = image_folder(options);
  const Lines names = texts.read_images(options.images);
  if (names.size() != sentences)
    throw Error(fmt::format("{}: got {} lines, expected {} as in {}", options.images, names.size(),
                            sentences, options.references.front()));
  if (!options.allow_outside)
    expect_inside(names, root, place, "; --allow-outside takes it", texts.lines());
  std::vector<fs::path> images(sentences);
  std::size_t found = 0;
  std::error_code ignored;  // a name that cannot be looked up is not on the disk
  for (std::size_t i = 0; i < sentences; ++i) {
    const fs::path path = root / names[i];
    if (!names[i].empty() && fs::is_regular_file(path, ignored)) images[i] = path, ++found;
  }
  if (found == 0)
    throw Error(fmt::format("{}: none of its {} images is in {}; check --image-root{}", place,
                            sentences, root.string(), did_you_mean_first(root, names)));
  return images;
}

// Images beside sentences of models that saw none would say more than is true: as in the other
// commands, that must be meant.
void expect_model_with_images(const EvaluateOptions& options) {
  if (options.images.empty() || options.runs.empty() || options.ignore_images) return;
  for (const std::string& run : options.runs)
    if (!is_text_only_run(run)) return;
  throw Error(options.runs.front() +
              ": a text-only model, which has not looked at an image; got --images; expected a run "
              "of a model trained with images, or --ignore-images");
}

// Each group's scores, as if it were a test set of its own.
ReportBreakdown breakdown(const std::string& title, const std::vector<SentenceGroup>& groups,
                          const Scoring& scoring, const std::vector<System>& systems) {
  const NamedScores scores = scoring.all();
  ReportBreakdown breakdown{title, {}};
  for (const SentenceGroup& group : groups) {
    ReportGroup& row = breakdown.groups.emplace_back();
    row.label = group.label;
    row.sentences = static_cast<int64_t>(group.sentences.size());
    for (const System& system : systems) {
      auto& values = row.values.emplace_back();
      for (std::size_t m = 0; m < scores.size(); ++m)
        values.emplace_back(scores[m]->value(system.statistics[m].sum_of(group.sentences)));
    }
  }
  return breakdown;
}

ReportSystem report_system(const Scoring& scoring, const System& system) {
  ReportSystem row;
  row.name = system.name;
  row.hypotheses = system.hypotheses;
  row.signs = system.signs;
  row.same_as = system.same_as;
  row.scores = system.scores;
  for (std::size_t i = 0; i < system.hypotheses.size(); ++i)
    row.sentence_scores.push_back(
        scoring.metrics.front()->sentence_score(system.statistics.front().row(i)).score);
  if (system.left_out) row.left_out = system.left_out->with_all();
  return row;
}

// "runs/text/test.de" and "runs/gated/test.de" are "text/test.de" and "gated/test.de": the folders
// that all names begin with are left out.
void shorten_names(std::vector<ReportSystem>& systems) {
  std::size_t common = systems.front().name.rfind('/') + 1;  // 0 where there is none
  for (const ReportSystem& system : systems) {
    common = std::min(common, system.name.rfind('/') + 1);
    while (common > 0 && system.name.compare(0, common, systems.front().name, 0, common) != 0)
      common = common < 2 ? 0 : systems.front().name.rfind('/', common - 2) + 1;
  }
  for (ReportSystem& system : systems) system.name.erase(0, common);
}

}  // namespace

EvaluationReport begin_report(const EvaluateOptions& options, const EvaluatedTexts& texts,
                              const std::vector<Lines>& references) {
  EvaluationReport report;
  report.title = "Evaluation against " + fs::path(options.references.front()).filename().string();
  report.references = references;
  report.samples = options.samples;
  report.origin = page_origin();
  expect_model_with_images(options);
  expect_one_kind(options.runs);
  report.runs = read_runs({options.runs.begin(), options.runs.end()});
  if (!options.source.empty())
    report.source =
        texts.read_as_many(options.source, references.front().size(), options.references.front());
  if (!options.images.empty())
    report.images = found_images(options, texts, references.front().size());
  if (options.paired_bootstrap)
    report.significance_test = fmt::format("paired bootstrap resampling, {} samples",
                                           with_commas(options.bootstrap_samples));
  if (options.paired_randomisation)
    report.significance_test = fmt::format("paired approximate randomisation, {} trials",
                                           with_commas(options.randomisation_samples));
  return report;
}

void write_report(const EvaluateOptions& options, const Scoring& scoring,
                  const std::vector<System>& systems, EvaluationReport report) {
  const NamedScores scores = scoring.all();
  for (std::size_t m = 0; m < scores.size(); ++m) {
    const MetricScore& first = systems.front().scores[m];
    report.metrics.push_back({.name = first.name,
                              .signature = first.signature,
                              .lower_is_better = scores[m]->lower_is_better(),
                              .digits = digits_of(first, options.width)});
  }
  for (const System& system : systems) report.systems.push_back(report_system(scoring, system));
  if (options.names.empty()) shorten_names(report.systems);
  report.breakdowns.push_back(
      report.source.empty()
          ? breakdown("reference length", groups_by_length(report.references.front()), scoring,
                      systems)
          : breakdown("source length", groups_by_length(report.source), scoring, systems));
  if (!report.images.empty()) {
    const auto groups = groups_by_image(report.images);
    if (groups.size() > 1)  // one would be the whole
      report.breakdowns.push_back(breakdown("image", groups, scoring, systems));
  }
  write_output("--report", options.report, evaluation_report(report));
}

}  // namespace penalmt
