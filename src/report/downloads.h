// What stands at the end of a page: when and how it was made, and its numbers to take along.
#pragma once

#include <string>
#include <vector>

namespace penalmt {

struct PageOrigin {
  std::string date = {};     // "2026-11-26 14:03 UTC"; "": not said
  std::string command = {};  // as a shell reads it; "": not said
};

// A table as tab-separated values, to be saved as `file`.
struct Download {
  std::string file;  // "scores.tsv"
  std::string tsv;
};

// A line of it: tabs and line ends in cells become spaces.
std::string tsv_row(const std::vector<std::string>& cells);

// <footer>: links that hold their tables, so that they need neither script nor network; "" where
// there is nothing to say. Tables of one line (the heading) are left out.
std::string page_footer(const PageOrigin& origin, const std::vector<Download>& downloads);

}  // namespace penalmt
