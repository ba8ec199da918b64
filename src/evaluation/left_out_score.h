// How many of the words that the source leaves out, and only the image tells, translations have
// right.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace penalmt {

struct LeftOutScore {
  struct Attribute {
    std::string name;  // "colour"
    int64_t right = 0, total = 0;
    double chance = 0;  // what guessing evenly gets, from 0 to 1
    double accuracy() const {
      return total ? static_cast<double>(right) / static_cast<double>(total) : 0;
    }
  };
  std::vector<Attribute> attributes;  // in alphabetical order
  Attribute all;                      // its chance is the mean over the lines

  // The attributes and, last, all of them together.
  std::vector<Attribute> with_all() const;
};

class LeftOutCount {
 public:
  // One more left-out word, one of `choices` values of its attribute.
  void add(const std::string& attribute, int64_t choices, bool is_right);
  LeftOutScore score() const;

 private:
  struct Tally {
    int64_t right = 0, total = 0;
    std::map<int64_t, int64_t> lines_of_choices;
  };
  static LeftOutScore::Attribute result(const std::string& name, const Tally& tally);

  std::map<std::string, Tally> by_name_;
  Tally all_;
};

// Of marks that say their `attribute` and how many `choices` it has
// (datasets/scenes/left_out_marks.h); right[i]: the word of mark i is.
template <class Mark>
LeftOutScore score_left_out(const std::vector<Mark>& marks, const std::vector<bool>& right) {
  LeftOutCount count;
  for (std::size_t i = 0; i < marks.size(); ++i)
    count.add(marks[i].attribute, marks[i].choices, right[i]);
  return count.score();
}

// One line an attribute: "colour   57/60   95.0 %   (chance 16.7 %)".
std::string to_text(const LeftOutScore& score);

}  // namespace penalmt
