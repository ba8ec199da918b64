#include "report/sentence_groups.h"

#include <gtest/gtest.h>

namespace penalmt::sentence_groups_test {

std::string text_of(const std::vector<SentenceGroup>& groups) {
  std::string text;
  for (const SentenceGroup& group : groups) {
    text += group.label + ":";
    for (const std::size_t i : group.sentences) text += " " + std::to_string(i);
    text += "; ";
  }
  return text;
}

std::vector<std::string> of_lengths(const std::vector<std::size_t>& lengths) {
  std::vector<std::string> sentences;
  for (const std::size_t length : lengths) {
    std::string& sentence = sentences.emplace_back();
    for (std::size_t i = 0; i < length; ++i) sentence += "a ";
  }
  return sentences;
}

TEST(SentenceGroups, HoldAFifthEach) {
  EXPECT_EQ(text_of(groups_by_length(of_lengths({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}))),
            "1–2: 9 8; 3–4: 7 6; 5–6: 5 4; 7–8: 3 2; 9–10: 1 0; ");
}

TEST(SentenceGroups, NeverPartOneLength) {
  EXPECT_EQ(text_of(groups_by_length(of_lengths({5, 5, 5, 5, 5}))), "5: 0 1 2 3 4; ");
  EXPECT_EQ(text_of(groups_by_length(of_lengths({0, 3, 3, 3, 3, 3, 3, 4, 8, 9}))),
            "0–3: 0 1 2 3 4 5 6; 4: 7; 8–9: 8 9; ");
  EXPECT_EQ(text_of(groups_by_length({})), "");
}

TEST(SentenceGroups, ByImageHoldASentence) {
  EXPECT_EQ(text_of(groups_by_image({"", "a.png", ""})), "with image: 1; without image: 0 2; ");
  EXPECT_EQ(text_of(groups_by_image({"a.png"})), "with image: 0; ");
}

}  // namespace penalmt::sentence_groups_test
