#include "evaluation/left_out_score.h"

#include <fmt/format.h>

namespace penalmt {

void LeftOutCount::add(const std::string& attribute, int64_t choices, bool is_right) {
  for (Tally* tally : {&by_name_[attribute], &all_}) {
    tally->right += is_right;
    ++tally->total;
    ++tally->lines_of_choices[choices];
  }
}

LeftOutScore::Attribute LeftOutCount::result(const std::string& name, const Tally& tally) {
  double chance = 0;
  for (const auto& [choices, lines] : tally.lines_of_choices)
    chance += static_cast<double>(lines) / static_cast<double>(tally.total) /
              static_cast<double>(choices);
  return {name, tally.right, tally.total, chance};
}

LeftOutScore LeftOutCount::score() const {
  LeftOutScore score;
  for (const auto& [name, tally] : by_name_) score.attributes.push_back(result(name, tally));
  score.all = result("all", all_);
  return score;
}

std::vector<LeftOutScore::Attribute> LeftOutScore::with_all() const {
  std::vector<Attribute> every = attributes;
  every.push_back(all);
  return every;
}

std::string to_text(const LeftOutScore& score) {
  std::string text;
  for (const LeftOutScore::Attribute& attribute : score.with_all())
    text += fmt::format("{:<8}{:>12}{:>8.1f} %   (chance {:.1f} %)\n", attribute.name,
                        fmt::format("{}/{}", attribute.right, attribute.total),
                        100 * attribute.accuracy(), 100 * attribute.chance);
  return text;
}

}  // namespace penalmt
