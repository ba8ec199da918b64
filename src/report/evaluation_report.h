// The page of `penalmt evaluate --report`: what the scores of one or more systems are, how sure
// they are, where they come from, and the sentences and images behind them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evaluation/answer_signs.h"
#include "evaluation/left_out_score.h"
#include "evaluation/score_format.h"
#include "report/downloads.h"
#include "report/runs.h"

namespace penalmt {

struct ReportMetric {
  std::string name;       // "BLEU"
  std::string signature;  // "nrefs:1|case:mixed|...", without the name
  bool lower_is_better = false;
  int digits = 1;  // after the point of its scores
};

struct ReportSystem {
  std::string name;
  std::vector<MetricScore> scores;  // one a metric; their names and signatures are the metrics'
  std::vector<LeftOutScore::Attribute> left_out;  // the same for every system; may be empty
  std::vector<std::string> hypotheses;
  AnswerSigns signs;                    // of its translations
  std::vector<double> sentence_scores;  // one a hypothesis, by the report's sentence metric; empty
                                        // for all systems or none
  std::optional<std::size_t> same_as = {};  // the first system before it that says the same
};

// Scores of a part of the sentences.
struct ReportGroup {
  std::string label;  // "1–8"
  int64_t sentences = 0;
  std::vector<std::vector<std::optional<double>>> values;  // [system][metric]
};

struct ReportBreakdown {
  std::string title;  // "words in the source"
  std::vector<ReportGroup> groups;
};

struct EvaluationReport {
  std::string title;
  std::vector<ReportMetric> metrics;  // at least one
  std::vector<ReportSystem> systems;  // at least one; the first is the baseline
  std::string
      significance_test;  // "paired bootstrap resampling, 1,000 samples"; empty where none was made
  std::vector<ReportBreakdown> breakdowns;
  // Training curves; a run called as a system, or whose folder a system is in ("gated" of
  // "gated/test.de"), has its colour.
  std::vector<Run> runs;
  std::vector<std::vector<std::string>> references;  // [reference][sentence]
  std::vector<std::string> source;                   // may be empty
  // One a sentence, "" where there is none; empty where none were asked for.
  std::vector<std::filesystem::path> images;
  // Sentences shown: those in which several systems' sentence scores differ most; else evenly
  // spaced among those with a image, or among all where none has one.
  int64_t samples = 20;
  std::size_t sentence_metric = 0;  // which of the metrics scored the sentences
  PageOrigin origin;
};

// One self-contained page: it loads nothing, needs no script (sorting and filtering do) and reads
// the images of the sentences shown. Throws Error as html::image() does.
std::string evaluation_report(const EvaluationReport& report);

}  // namespace penalmt
