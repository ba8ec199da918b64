// The generated corpus, part 5 of 5: which of the left-out words a set of translations has right
// (evaluation/left_out_score.h counts them). Text only: free of torch and OpenCV.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

// One line of left_out/<split>.<language>.tsv.
struct LeftOutMark {
  std::string attribute;  // "colour" or "count"
  std::string value;      // in English: "red", "3"
  int64_t choices =
      0;  // values that the attribute may have: guessing is right once in so many times
  std::string phrase;              // as it stands in the reference translation: "roten kreisen"
  std::vector<std::string> right;  // every form of the right word: "rot", "rote", "roten", ...
  std::vector<std::string> nouns;  // every form of the object's noun: "kreis", "kreise", ...
  std::vector<int>
      offsets;  // where the right word may stand, counted from the noun: -1 is just before it
};

// "attribute\tvalue\tchoices\tphrase\tright\tnouns\toffsets", lists separated by spaces: the file's
// first line.
std::string left_out_header();
std::string to_line(const LeftOutMark& mark);
// Throws Error "path:3: expected 7 tab-separated columns, got 5" and the like; as LineReader
// (base/text.h).
std::vector<LeftOutMark> read_left_out_marks(const std::filesystem::path& path);

// The noun stands in the hypothesis, and wherever it stands, a right word stands at one of the
// offsets. Case and punctuation at a word's ends do not matter; nor does anything else in the
// sentence, nor the right word's ending.
bool is_right(const std::string& hypothesis, const LeftOutMark& mark);

// A line: is_right. Throws Error "left-out words: 3 hypotheses, but 4 marks; ..." where the numbers
// differ.
std::vector<bool> right_words(const std::vector<std::string>& hypotheses,
                              const std::vector<LeftOutMark>& marks);

}  // namespace penalmt
