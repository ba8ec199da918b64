#include "tokenizers/code_points.h"

#include <gtest/gtest.h>

namespace penalmt::code_points_test {

std::string lowered(std::string_view line) { return to_utf8(lower_case(code_points(line))); }

// "[a][b]"
std::string parts_of(std::string_view line) {
  const std::u32string text = code_points(line);
  std::string shown;
  for (const std::u32string_view part : split_at_spaces(text)) shown += "[" + to_utf8(part) + "]";
  return shown;
}

std::string applied(std::span<const Rule> rules, std::string_view line) {
  std::u32string text = code_points(line);
  apply(rules, text);
  return to_utf8(text);
}

std::string applied(const Rule& rule, std::string_view line) {
  return applied(std::span(&rule, 1), line);
}

TEST(CodePoints, GiveBackTheUtf8TheyCameFrom) {
  for (const std::string text : {"", "abc", "é ß Σ", "日本", "😀\U0010FFFF", "e\u0301\u200b"}) {
    EXPECT_EQ(to_utf8(code_points(text)), text);
  }
  EXPECT_TRUE(code_points("aé日😀") == U"aé日😀");
}

TEST(CodePoints, AreLoweredOneByOne) {
  EXPECT_EQ(lowered("MÄNNER ẞ ÉCOLE Ǆǅ"), "männer ß école ǆǆ");
  EXPECT_EQ(lowered("ΟΔΟΣ"), "οδοσ");  // no final sigma
  EXPECT_EQ(lowered("İ"), "i\u0307");
}

TEST(CodePoints, AreSplitAtWhiteSpaceOfAnyKind) {
  EXPECT_EQ(parts_of(" a  b\u00A0c\u2028d\t"), "[a][b][c][d]");
  EXPECT_EQ(parts_of(""), "");
  EXPECT_EQ(parts_of(" \u3000"), "");
  EXPECT_EQ(parts_of("a\u200Bb"), "[a\u200Bb]");  // the zero-width space is none
}

TEST(Rule, ReplacesEverywhereWhereItAsksNothing) {
  EXPECT_EQ(applied({nullptr, U"ab", nullptr, U"x"}, "ababcab"), "xxcx");
  EXPECT_EQ(applied({nullptr, U"aa", nullptr, U"a"}, "aaaaa"), "aaa");
  EXPECT_EQ(applied({nullptr, U"a", nullptr, U""}, "banana"), "bnn");
  EXPECT_EQ(applied({nullptr, U"a", nullptr, U"b"}, ""), "");
}

TEST(Rule, AsksForItsNeighbours) {
  EXPECT_EQ(applied({is_ascii_digit, U" %", nullptr, U"%"}, "5 % x % %"), "5% x % %");
  EXPECT_EQ(applied({nullptr, U",", is_ascii_digit, U";"}, ",5 ,x ,"), ";5 ,x ,");
}

TEST(Rule, TestsANeighbourOnce) {
  const Rule rule = {is_ascii_digit, U" ", is_ascii_digit, U","};
  EXPECT_EQ(applied(rule, "1 2 3 4"), "1,2 3,4");
  EXPECT_EQ(applied(rule, "1 23 4"), "1,23,4");
  EXPECT_EQ(applied(rule, " 1 "), " 1 ");
}

TEST(Rules, AreAppliedOneAfterTheOther) {
  const Rule rules[] = {{nullptr, U"a", nullptr, U"b"}, {nullptr, U"bb", nullptr, U"c"}};
  EXPECT_EQ(applied(rules, "abba"), "cc");
}

}  // namespace penalmt::code_points_test
