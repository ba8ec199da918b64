// Signs that a translation went wrong: it says one thing over and over, or it is its source again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

// One to four tokens (words or pieces) stand there at least four times in a row; one alone at least
// five times. No reference of Multi30k's does so.
bool repeats_itself(const std::vector<std::string_view>& tokens);

// At least four words of the answer hold a letter, and at least 8 in 10 of these stand in the
// source too. The references of Multi30k's test sets reach 5 in 10, those of the training set 6 in
// 10 (names).
bool copies_source(std::string_view source, std::string_view answer);

// How many answers show a sign, and the first line, from 1, that does.
struct AnswerSigns {
  int64_t lines = 0;
  int64_t repeating = 0, first_repeating = 0;
  int64_t copied = 0, first_copied = 0;

  // The next line, or the one of this number where not all lines are looked at.
  void add(bool repeats, bool copies) { add(repeats, copies, lines + 1); }
  void add(bool repeats, bool copies, int64_t line);
  // "2 of 1,000 translations say one thing over and over, first in line 7; 1 repeats its source,
  // first in line 12"; "" where there is nothing to say.
  std::string text() const;
};

// Of the words of each answer; `sources`: line by line, or none, where copies are not looked for.
AnswerSigns signs_of(const std::vector<std::string>& answers,
                     const std::vector<std::string>& sources);

}  // namespace penalmt
