// The page of `penalmt evaluate --report`: scores of one or more systems, and sample sentences with their pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

struct ReportScore {
  std::string metric;  // "BLEU"
  std::string value;   // "41.0"
  std::string detail;  // "71.0/47.5/33.5/24.3 (BP = ...)"
  std::string signature;
};

// How often a system has the words right that the source leaves out and the picture shows.
struct ReportAccuracy {
  std::string attribute;  // "colour"
  int64_t right = 0, total = 0;
  double chance = 0;  // what guessing gets, from 0 to 1
};

struct ReportSystem {
  std::string name;
  std::vector<ReportScore> scores;       // the same metrics for every system
  std::vector<ReportAccuracy> left_out;  // the same attributes for every system; may be empty
  std::vector<std::string> hypotheses;
  std::vector<std::string> sentence_scores;  // one a hypothesis, "37.2"; may be empty
};

struct EvaluationReport {
  std::string title;
  std::vector<ReportSystem> systems;
  std::vector<std::vector<std::string>> references;  // [reference][sentence]
  std::vector<std::string> source;                   // may be empty
  std::vector<std::filesystem::path>
      pictures;          // one a sentence, "" where there is none; empty where none were asked for
  int64_t samples = 20;  // sentences shown, evenly spaced among those with a picture (else among all)
};

// One self-contained page; reads the pictures of the samples. Throws Error as html::data_uri() does.
std::string evaluation_report(const EvaluationReport& report);

}  // namespace penalmt
