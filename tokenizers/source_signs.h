// Signs that lines are not the kind of text that a model was trained on.
//
// The thresholds lie far from clean text: in the tok files of Multi30k's test sets no line has a
// capital letter or a tab and at most 1 in 1,000 an unspaced mark; in its raw files 94 lines in 100
// and more have a capital letter, and 1 in 1,000 ends in " .".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace penalmt {

// Counts of lines that are not empty.
struct SourceSigns {
  int64_t lines = 0;
  int64_t capitals = 0;  // hold a capital letter
  int64_t marks = 0;  // hold "men,", "men." at the end, or a quote: Moses would part or escape it
  int64_t tokenised = 0;  // end in " ." and hold no capital letter
  int64_t tabs = 0;
  int64_t commas = 0;  // hold a comma or semicolon that a letter or quote follows, as in "7,a dog"

  void add(std::string_view line);

  // More than 5 lines in 100.
  bool look_raw() const { return 20 * capitals > lines || 20 * marks > lines; }
  bool look_tabbed() const { return 20 * tabs > lines; }
  // More than half of the lines.
  bool look_tokenised() const { return 2 * tokenised > lines; }
  bool look_comma_separated() const { return 2 * commas > lines; }
};

// The pieces of the sources.
struct PieceCount {
  int64_t all = 0, unknown = 0;

  void add(const std::vector<int>& ids);
  // More than 3 in 100.
  bool look_foreign() const { return 100 * unknown > 3 * all; }
};

}  // namespace penalmt
