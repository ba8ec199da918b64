// The steps of `penalmt evaluate`, in their order: options checked, texts read, systems scored and
// tested, results reported and printed. evaluate.cpp puts them together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "commands/cli/shared_options.h"
#include "datasets/scenes/left_out_marks.h"
#include "evaluation/answer_signs.h"
#include "evaluation/given_scores.h"
#include "evaluation/left_out_score.h"
#include "evaluation/metrics.h"
#include "evaluation/scored_system.h"
#include "report/evaluation_report.h"

namespace penalmt {

using Lines = std::vector<std::string>;

struct EvaluateOptions {
  Lines hypotheses, references, names;
  std::string table, format;
  Lines metrics = {"bleu"};
  MetricOptions of_metrics;
  Lines scores, lower_is_better;
  bool force = false;
  int reference_columns = 1;
  bool skip_empty_references = false;
  bool sentence_level = false, json = false, short_signatures = false, score_only = false;
  bool confidence = false, paired_bootstrap = false, paired_randomisation = false;
  int64_t confidence_samples = 1000, bootstrap_samples = 1000, randomisation_samples = 10000;
  uint64_t seed = ResamplingOptions{}.seed;
  int threads = 0;
  int width = 1;
  std::string left_out;
  std::string report, source, images, image_root;
  bool allow_outside = false, ignore_images = false;
  Lines runs;
  int64_t samples = 20;

  bool paired() const { return paired_bootstrap || paired_randomisation; }
  PairedTest test() const {
    return paired_bootstrap ? PairedTest::kBootstrap : PairedTest::kRandomisation;
  }
  // Of what was asked for: a test, or --confidence.
  ResamplingOptions resampling() const {
    return {confidence         ? confidence_samples
            : paired_bootstrap ? bootstrap_samples
                               : randomisation_samples,
            seed, threads};
  }

  template <class Visitor>
  void visit(Visitor& v) {
    visit_texts(v);
    of_metrics.visit(v);
    v("force", force, "BLEU: no warning where the hypotheses look tokenised");
    visit_resampling(v);
    visit_output(v);
  }

 private:
  template <class Visitor>
  void visit_texts(Visitor& v) {
    v("hypotheses", hypotheses,
      "translations, a file for each system (plain or .gz; - is standard input)",
      option().required().value("FILE"));
    v("references", references, "what is right, line by line; several files: several references",
      option().required().value("FILE"));
    v("table", table,
      "a table, TSV, CSV or JSON lines, plain or .gz: --hypotheses, --references, --source and "
      "--images name columns of it in place of files; its images are in its folder unless "
      "--image-root says otherwise",
      option().value("FILE").excludes("num-refs"));
    v("format", format, "the table's form; default: by the ending of its name",
      option(config::one_of({"tsv", "csv", "jsonl"})).needs("table"));
    v("num_refs", reference_columns,
      "how many references each line of the one file of --references holds, with tabs between them",
      config::between(1, 1000));
    v("skip_empty_references", skip_empty_references,
      "an empty line in one of several references means that this sentence has one reference less");
    v("names", names, "what to call the systems; default: their files", option().value("NAME"));
    v("metrics", metrics, ("what to compute: " + metric_names_in_words()).c_str());
    v("scores", scores,
      "scores made elsewhere, one number a line: COMET=base.comet COMET=new.comet, a file for each "
      "system in their order; they are shown and tested as the metrics are",
      option().value("NAME=FILE").excludes("sentence-level"));
    v("lower_is_better", lower_is_better, "which of --scores are the better the lower they are",
      option().value("NAME").needs("scores"));
    v("sentence_level", sentence_level, "one score a line; BLEU with the effective order");
  }
  template <class Visitor>
  void visit_resampling(Visitor& v) {
    const OptionRules samples_of_test = config::between(1, 100'000'000);
    v("confidence", confidence, "of one system: 95 % confidence intervals by bootstrap resampling",
      option().excludes("sentence-level"));
    v("confidence_n", confidence_samples, "samples of --confidence",
      samples_of_test.needs("confidence"));
    v("paired_bs", paired_bootstrap, "paired bootstrap test of each system against the first",
      option().excludes("sentence-level"));
    v("paired_bs_n", bootstrap_samples, "samples of --paired-bs",
      samples_of_test.needs("paired-bs"));
    v("paired_ar", paired_randomisation,
      "paired approximate randomisation test of each system against the first",
      option().excludes("paired-bs").excludes("sentence-level"));
    v("paired_ar_n", randomisation_samples, "trials of --paired-ar",
      samples_of_test.needs("paired-ar"));
    visit_seed(v, seed);
    visit_threads(v, threads);
  }
  template <class Visitor>
  void visit_output(Visitor& v) {
    v("json", json, "print JSON, with sacreBLEU's names (one object a line at the sentence level)");
    v("short", short_signatures, "abbreviate the signatures (not in JSON)");
    v("score_only", score_only, "print the scores alone, with their intervals");
    v("width", width, "digits after the point of a score", config::between(0, 15));
    v("left_out", left_out,
      "count the words right that the source leaves out: the marks' file of a generated corpus",
      option().value("FILE").excludes("sentence-level"));
    v("report", report,
      "write a page (HTML, needs no network): scores, where they come from, sentences",
      option().value("FILE").excludes("sentence-level"));
    v("source", source, "show these source sentences in the report",
      option().value("FILE").needs("report"));
    v("images", images, "show the images that this list names, one a line",
      option().value("LIST").needs("report"));
    v("image_root", image_root, "the folder of the images", option().value("DIR").needs("images"));
    v("allow_outside", allow_outside,
      "take images whose names lead out of that folder, by a link, ../ or an absolute path",
      option().needs("image-root"));
    v("ignore_images", ignore_images,
      "the images are shown though every run of --runs is a text-only model's",
      option().needs("images"));
    v("runs", runs,
      "show the training curves of these run folders in the report; a run called as a system has "
      "its colour",
      option().value("RUN").needs("report"));
    v("samples", samples, "sentences shown in the report",
      option(config::between(0, 100000)).needs("report"));
  }
};

// The texts that options name: files or, with --table, its columns, which are read once.
class EvaluatedTexts {
 public:
  // Throws as TableReader (datasets/text/table.h).
  explicit EvaluatedTexts(const EvaluateOptions& options);
  // As read_scored_lines, read_as_many (commands/cli/common.h) and read_image_list.
  Lines read(const std::string& name) const;
  Lines read_as_many(const std::string& name, std::size_t expected, const std::string& like) const;
  Lines read_images(const std::string& name) const;
  // Where the table's rows begin; none of files.
  const std::vector<int64_t>& lines() const { return lines_; }

 private:
  std::string table_;
  std::map<std::string, Lines> cells_;  // a column
  std::vector<int64_t> lines_;
};

// One of --scores, with the rows of each system.
struct GivenScores {
  GivenScore score;
  std::vector<Statistics> rows;
};

// What systems are scored by: the metrics of their texts, then what was scored elsewhere.
struct Scoring {
  Metrics metrics;
  std::vector<GivenScores> given;

  NamedScores all() const;
};

// One of the files of --hypotheses, with everything that is found out about it.
struct System : ScoredSystem {  // under Scoring::all()
  std::string name;
  Lines hypotheses;
  std::optional<std::size_t> same_as;  // the first system before it with the same translations
  std::optional<LeftOutScore> left_out;
  AnswerSigns signs;  // of words; copies where there is a source
};

// Throws Error where options do not fit each other.
void check_options(const EvaluateOptions& options);

// [reference][sentence], at least one of each.
std::vector<Lines> read_references(const EvaluateOptions& options, const EvaluatedTexts& texts);

// --scores. Throws Error where a name has not as many files as there are systems, is a metric's of
// ours, or what is in a file is no number a line.
std::vector<GivenScores> read_given_scores(const EvaluateOptions& options,
                                           const EvaluatedTexts& texts, const Metrics& metrics,
                                           std::size_t sentences);

// One a file of hypotheses, scored as a whole. `source` may be empty.
std::vector<System> scored_systems(const EvaluateOptions& options, const EvaluatedTexts& texts,
                                   const Scoring& scoring, std::size_t sentences,
                                   const Lines& source);

// The file of "COMET=base.comet"; all of it where it has no name.
std::string file_of_scores(const std::string& scores);

// To standard output, as text or JSON.
void print_results(const EvaluateOptions& options, const Scoring& scoring,
                   std::vector<System> systems);

// --report: first whatever is read from files, so that a wrong name costs no scoring, then the
// rest.
EvaluationReport begin_report(const EvaluateOptions& options, const EvaluatedTexts& texts,
                              const std::vector<Lines>& references);
void write_report(const EvaluateOptions& options, const Scoring& scoring,
                  const std::vector<System>& systems, EvaluationReport report);

}  // namespace penalmt
