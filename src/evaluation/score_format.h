// Scores as sacreBLEU prints them, in text and in JSON.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace penalmt {

struct MetricScore {
  std::string name;  // "BLEU"
  double score = 0;
  std::string signature;  // "nrefs:1|case:mixed|..."
  std::string verbose;    // what follows the score; may be empty
};

// "BLEU|nrefs:1|... = 41.0 71.0/47.5/33.5/24.3 (BP = ...)"; `width` digits after the point.
std::string score_line(const MetricScore& score, int width);

// A JSON object: names with values that are JSON already.
using JsonFields = std::vector<std::pair<std::string, std::string>>;

// name, score (rounded to `width` digits), signature, verbose_score, then each part of the signature.
JsonFields score_fields(const MetricScore& score, int width);

// Several lines with one space before each field (as sacreBLEU's), or one line.
std::string json_lines(const JsonFields& fields);
std::string json_line(const JsonFields& fields);

// A number as Python writes it: the shortest decimal that reads back the same, with a ".0" where it is whole.
std::string json_number(double value);
std::string json_text(const std::string& text);

// Several systems: a framed table with one row a system and one column a metric, then the signatures.
struct SystemScores {
  std::string system;
  std::vector<MetricScore> scores;
};
std::string score_table(const std::vector<SystemScores>& systems, int width);

}  // namespace penalmt
