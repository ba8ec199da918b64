// The parts of an evaluation report, each as HTML with its heading; "" where the report has nothing
// for it.
#pragma once

#include <string>

#include "report/evaluation_report.h"

namespace penalmt {

// The table of scores with intervals and p-values, what these mean, signatures.
std::string score_section(const EvaluationReport& report);

// The words that only the image tells, beside chance.
std::string left_out_section(const EvaluationReport& report);

// Scores by groups of sentences: a table and a strip of dots for each metric.
std::string breakdown_section(const EvaluationReport& report);

// Training curves, and each run's best values.
std::string training_section(const EvaluationReport& report);

// How often which system is better, and single sentences with their images. Throws as
// html::image().
std::string sentence_section(const EvaluationReport& report);

// The name of a system with its colour and shape.
std::string keyed_name(const EvaluationReport& report, std::size_t system);

}  // namespace penalmt
