// The edits of TER (Snover et al., 2006: A Study of Translation Edit Rate with Targeted Human
// Annotation): the fewest insertions, deletions, substitutions of a word and shifts of a phrase
// that make a hypothesis its reference. The best shifts are too many to try; the paper's greedy
// search takes the one that saves most, again and again:
//
//   hypothesis   c d a b        shift "a b" to the front: 4 edits less, for 1
//   reference    a b c d        1 edit
//
// The answers are sacreBLEU 2.6's, whose limits and quirks (edit_rate.cpp) are part of the
// definition.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluation/edit_table.h"

namespace penalmt {

// Not for use by several threads at once; one object serves many pairs of sentences without
// allocating anew.
class EditRate {
 public:
  // Words are numbers, equal where the words are. The reference's are from 0 upwards (memory grows
  // with the largest); those of the hypothesis may be negative: such a word stands in no reference.
  int64_t edits(std::span<const int32_t> hypothesis, std::span<const int32_t> reference);

 private:
  struct Shift;

  void number_words(std::span<const int32_t> hypothesis, std::span<const int32_t> reference);
  template <class Table>
  void align(const Table& table);
  void find_shifts();
  bool has_errors(const std::vector<int32_t>& errors, int32_t begin, int32_t length) const;
  bool choose_shift(int32_t exact_distance, int32_t distance, Shift& best);

  // Words are numbered anew, from 0 in the order of the reference; what only the hypothesis has is
  // `letters_` - 1.
  std::vector<int32_t> number_of_;  // by the caller's number; kNone but while words are numbered
  int32_t letters_ = 0;
  std::vector<int32_t> hypothesis_, reference_;
  std::vector<int32_t> shifted_;  // the hypothesis after a shift, from the first word that moved
  std::vector<int32_t>
      first_place_;  // [letters_] where a word first stands in the reference; or kNone
  std::vector<int32_t> next_place_;  // [reference] where the same word stands next
  std::vector<int32_t> unmatched_;   // [letters_] scratch
  int32_t least_distance_ = 0;       // no order of the hypothesis' words is nearer

  ExactEditTable exact_;
  BeamEditTable beam_;

  // Of the cheapest path, see align().
  std::vector<int32_t>
      aligned_;  // [reference] the hypothesis' word it stands against or after; may be -1
  std::vector<int32_t> hypothesis_errors_;  // [hypothesis + 1] edited words before this one
  std::vector<int32_t> reference_errors_;   // [reference + 1]

  int64_t candidates_ = 0;  // shifts that the reference implementation would have tried by now
  std::vector<uint64_t> shifts_;  // to try, as Shift::rank
};

}  // namespace penalmt
