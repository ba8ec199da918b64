// The page of `penalmt probe --report`: what other images change, how far the gates are open, and
// for single sentences where on the image the model looked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/image_use_statistics.h"
#include "evaluation/score_format.h"
#include "report/downloads.h"

namespace penalmt {

// Of an image's width and height, 0 to 1: what of it the model was shown, which its regions divide.
struct ProbeSeen {
  double left = 0, top = 0, width = 1, height = 1;
  bool is_all() const { return width >= 1 && height >= 1; }
};

struct ProbeSentence {
  std::size_t number = 0;            // in the file, from 1
  std::filesystem::path image_file;  // "" where there is none
  std::string source, reference;
  std::vector<std::string> translations;  // one a condition
  // The pieces that looked at the image: may be none. Gates are from 0 to 1; attention may be
  // empty.
  std::vector<std::string> pieces;
  std::vector<double> gates;
  std::vector<std::vector<double>> attention;
  ProbeSeen seen = {};
  // One a condition: another sentence's image that it was translated with; "" where it was none.
  std::vector<std::filesystem::path> other_images = {};
};

struct ProbeReport {
  std::string title, summary;
  // A row a condition ("right", "shuffled", ...): p against the first. None: no such table.
  std::vector<SystemScores> scores, contrastive;
  std::vector<std::string> notes;  // sentences below the tables
  GateStatistics gates;            // of no pieces: the page says nothing of gates
  bool gates_of_target = false;    // the pieces are those of the translations
  AttentionStatistics attention;
  std::vector<std::string>
      conditions;  // of the sentences' translations; the first is the right images'
  std::vector<ProbeSentence> sentences;
  int64_t samples =
      20;  // sentences shown: those whose translations with the first two conditions differ most
  PageOrigin origin = {};
};

// One self-contained page, as evaluation_report() (report/evaluation_report.h). Throws Error as
// html::image() does.
std::string probe_report(const ProbeReport& report);

}  // namespace penalmt
