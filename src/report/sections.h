// The parts of an evaluation report, each as HTML with its heading; "" where the report has nothing
// for it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/downloads.h"
#include "report/evaluation_report.h"

namespace penalmt {

// The table of scores with intervals and p-values, what these mean, signatures.
std::string score_section(const EvaluationReport& report);

// How long each system's translations are, and how many are empty, repeat themselves or copy the
// source; which systems say the same.
std::string signs_table(const EvaluationReport& report);
std::string equality_notes(const EvaluationReport& report);

// The words that only the image tells, beside chance.
std::string left_out_section(const EvaluationReport& report);

// Scores by groups of sentences: a table and a strip of dots for each metric.
std::string breakdown_section(const EvaluationReport& report);

// Training runs as they are drawn.
struct TrainingCurves {
  std::vector<Run> runs;
  std::vector<std::size_t> colours;                         // one a run: svg::colour_class()
  std::vector<std::pair<std::size_t, std::string>> legend;  // colours and whose they are
  bool best_is_told = false;  // the page says each run's best values in another place
};

// The curves, and each run's best values. `runs` as tab-separated values: a line a point.
std::string training_section(const TrainingCurves& curves);
std::string curves_tsv(const std::vector<Run>& runs);

// How often which system is better, and single sentences with their images. Throws as
// html::image().
std::string sentence_section(const EvaluationReport& report);

// The name of a system with its colour and shape.
std::string keyed_name(const EvaluationReport& report, std::size_t system);

}  // namespace penalmt
