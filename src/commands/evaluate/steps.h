// The steps of `penalmt evaluate`, in their order: options checked, texts read, systems scored and
// tested, results reported and printed. evaluate.cpp puts them together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/scenes/left_out_score.h"
#include "evaluation/answer_signs.h"
#include "evaluation/bleu.h"
#include "evaluation/chrf.h"
#include "evaluation/metric.h"
#include "evaluation/resampling.h"
#include "evaluation/ter.h"
#include "report/evaluation_report.h"

namespace penalmt {

using Lines = std::vector<std::string>;

struct EvaluateOptions {
  Lines hypotheses, references, names;
  Lines metrics = {"bleu"};
  BleuOptions bleu;
  ChrfOptions chrf;
  TerOptions ter;
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
  bool allow_outside = false;
  Lines runs;
  int64_t samples = 20;

  bool paired() const { return paired_bootstrap || paired_randomisation; }
};

using Metrics = std::vector<std::unique_ptr<Metric>>;

// One of the files of --hypotheses, with everything that is found out about it.
struct System {
  std::string name;
  Lines hypotheses;
  std::vector<Statistics> statistics;  // one a metric
  std::vector<MetricScore> scores;     // one a metric
  std::optional<LeftOutScore> left_out;
  AnswerSigns signs;  // of words; copies where there is a source
};

// Throws Error where options do not fit each other, and as expect_output; sorts the metrics.
void check_options(EvaluateOptions& options);

// [reference][sentence], at least one of each. Throws Error where they are not equally many, have
// too few columns, or there is no line; as read_lines.
std::vector<Lines> read_references(const EvaluateOptions& options);

// Throws as the metrics' constructors.
Metrics make_metrics(const EvaluateOptions& options, const References& references);

// One a file of hypotheses, scored as a whole. `source` may be empty. Throws as read_as_many,
// Metric::statistics, read_left_out_marks and score_left_out.
std::vector<System> scored_systems(const EvaluateOptions& options, const Metrics& metrics,
                                   std::size_t sentences, const Lines& source);

// --confidence, and --paired-bs or --paired-ar: adds what they find to the systems' scores and
// signatures. Throw Interrupted after Ctrl-C.
void estimate_confidence(const EvaluateOptions& options, const Metrics& metrics, System& system);
void test_in_pairs(const EvaluateOptions& options, const Metrics& metrics,
                   std::vector<System>& systems);

// The attributes of left-out words and, last, all of them together.
std::vector<LeftOutScore::Attribute> with_all(const LeftOutScore& score);

// To standard output, as text or JSON.
void print_results(const EvaluateOptions& options, const Metrics& metrics,
                   std::vector<System> systems);

// --report: first whatever is read from files, so that a wrong name costs no scoring, then the
// rest. The first throws as read_runs, read_as_many, read_image_list and expect_inside, and Error
// where not one image is there; the second as evaluation_report and write_file.
EvaluationReport begin_report(const EvaluateOptions& options, const std::vector<Lines>& references);
void write_report(const EvaluateOptions& options, const Metrics& metrics,
                  const std::vector<System>& systems, EvaluationReport report);

}  // namespace penalmt
