#include "report/word_differences.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace penalmt::word_differences_test {

std::string pattern(std::string_view sentence, std::string_view other) {
  std::string text;
  for (const bool common : words_in_common(split_whitespace(sentence), split_whitespace(other)))
    text += common ? '=' : 'x';
  return text;
}

TEST(WordDifferences, MarkWhatTheOtherLacks) {
  EXPECT_EQ(pattern("zwei rote kreise neben einem stern", "zwei blaue kreise neben dem stern"),
            "=x==x=");
  EXPECT_EQ(pattern("a b c", "a b c"), "===");
  EXPECT_EQ(pattern("a b c", ""), "xxx");
  EXPECT_EQ(pattern("", "a"), "");
}

TEST(WordDifferences, OrderCountsAndTheEarliestWordsAreKept) {
  EXPECT_EQ(pattern("b a", "a b"), "=x");
  EXPECT_EQ(pattern("a x b x c", "x a b c x"), "=x==x");
}

TEST(WordDifferences, VeryLongSentencesAreComparedByPresence) {
  std::string sentence, other;
  for (int i = 0; i < 5000; ++i) {
    sentence += "a b ";
    other += "b c ";
  }
  const std::string marks = pattern(sentence, other);
  EXPECT_EQ(marks.substr(0, 4), "x=x=");
}

}  // namespace penalmt::word_differences_test
