// The page of `penalmt probe --report`: what other images change, how far the gates are open, and
// for single sentences where on the photograph the model looked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penalmt {

// A number of a table, with the interval that holds 95 % of it and p against the first row.
struct ProbeCell {
  std::string value, interval;  // "41.03", "41.10 ± 1.20"
  std::optional<double> p_value;
};

struct ProbeTable {
  struct Column {
    std::string name, meaning;  // "BLEU", its signature
  };
  struct Row {
    std::string name;  // "right", "shuffled", ...
    std::vector<ProbeCell> cells;
  };
  std::vector<Column> columns;
  std::vector<Row> rows;  // none: the page has no such table
};

struct ProbeGates {
  struct Word {
    std::string word;
    int64_t count = 0;
    double mean = 0;
  };
  int64_t pieces = 0;  // 0: the page says nothing of gates
  bool of_target = false;
  double mean = 0, open = 0;
  std::vector<int64_t> histogram;  // pieces by gate, in bins of equal width from 0 to 1
  std::vector<Word> widest;
  std::string attention;  // a sentence on its sharpness; may be empty
};

// Of an image's width and height, 0 to 1: what of it the model was shown, which its regions divide.
struct ProbeSeen {
  double left = 0, top = 0, width = 1, height = 1;
  bool is_all() const { return width >= 1 && height >= 1; }
};

struct ProbeSentence {
  std::size_t number = 0;            // in the file, from 1
  std::filesystem::path photograph;  // "" where there is none
  std::string source, reference;
  std::vector<std::string> translations;  // one a condition
  // The pieces that looked at the image: may be none. Gates are from 0 to 1; attention may be
  // empty.
  std::vector<std::string> pieces;
  std::vector<double> gates;
  std::vector<std::vector<double>> attention;
  ProbeSeen seen = {};
};

struct ProbeReport {
  std::string title, summary;
  ProbeTable scores, contrastive;
  std::vector<std::string> notes;  // sentences below the tables
  ProbeGates gates;
  std::vector<std::string>
      conditions;  // of the sentences' translations; the first is the right images'
  std::vector<ProbeSentence> sentences;
  int64_t samples =
      20;  // sentences shown: those whose translations with the first two conditions differ most
};

// One self-contained page, as evaluation_report() (report/evaluation_report.h). Throws Error as
// html::data_uri() does.
std::string probe_report(const ProbeReport& report);

}  // namespace penalmt
