// Scores as sacreBLEU prints them, in text and in JSON.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penalmt {

// Of resampled corpora: the scores' mean, and half the width of the interval that holds 95 % of
// them.
struct Confidence {
  double mean = 0, half_width = 0;
};

struct MetricScore {
  std::string name;  // "BLEU"
  double score = 0;
  std::string signature;                      // "nrefs:1|case:mixed|..."
  std::string verbose;                        // what follows the score; may be empty
  std::optional<Confidence> confidence = {};  // where it was asked for
  std::optional<double> p_value = {};         // of a paired test against the first system
  bool equals_first = false;  // each sentence's as the first system's: no test can tell them apart
  int least_digits = 0;       // after the point, where fewer are asked for
};

// How many digits a score is shown with where `width` are asked for.
int digits_of(const MetricScore& score, int width);

// "#:1|c:mixed|..." for "nrefs:1|case:mixed|...": sacreBLEU's abbreviations.
std::string short_signature(const std::string& signature);

// "BLEU|nrefs:1|... = 41.0 (μ = 41.0 ± 1.2) 71.0/47.5/33.5/24.3 (BP = ...)"; `width` digits after
// the point.
std::string score_line(const MetricScore& score, int width);
// "41.0 (μ = 41.0 ± 1.2)"
std::string score_number(const MetricScore& score, int width);

// A line each, the numbers below each other.
std::string score_lines(const std::vector<MetricScore>& scores, int width);

// A JSON object: names with values that are JSON already.
using JsonFields = std::vector<std::pair<std::string, std::string>>;

// name, score (rounded to `width` digits), signature, confidence_mean, confidence_var, confidence,
// verbose_score, then each part of the signature.
JsonFields score_fields(const MetricScore& score, int width);

// Several lines with one space before each field (as sacreBLEU's), or one line.
std::string json_lines(const JsonFields& fields);
std::string json_line(const JsonFields& fields);

// A number as Python writes it: the shortest decimal that reads back the same, with a ".0" where it
// is whole.
std::string json_number(double value);
std::string json_text(const std::string& text);

// Several systems: a framed table with one row a system, called `heading`, and one column a metric
// (score, confidence, p-value with a star where it is at most 0.05), then the signatures.
struct SystemScores {
  std::string system;
  std::vector<MetricScore> scores;
};
std::string score_table(const std::vector<SystemScores>& systems, int width,
                        const std::string& heading = "System");

// What the p-values of such a table mean; `test` as "bootstrap", `samples` as "1000 samples".
std::string paired_test_notes(const std::string& test, const std::string& samples,
                              const std::string& baseline);

}  // namespace penalmt
