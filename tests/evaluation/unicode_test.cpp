#include "evaluation/unicode.h"

#include <set>

#include <gtest/gtest.h>
#include <unicode/utf8.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "tests/evaluation/golden_scores.h"

namespace penalmt::unicode_test {

const nlohmann::json& golden() {
  static const auto json =
      nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/bleu.json"));
  return json;
}

std::string utf8(int32_t code) {
  char bytes[U8_MAX_LENGTH];
  int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, code);
  return std::string(bytes, static_cast<std::size_t>(length));
}

TEST(Unicode, WhiteSpaceIsPythonsForEveryCharacter) {
  const auto spaces = golden().at("whitespace").get<std::set<int32_t>>();
  EXPECT_EQ(spaces.size(), 29u);
  for (int32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string end(1, 'a');
    end += utf8(code);
    const std::string text = end + 'b';
    EXPECT_EQ(split_unicode_whitespace(text).size(), spaces.count(code) ? 2u : 1u) << code;
    EXPECT_EQ(trim_end(end).size(), spaces.count(code) ? 1u : end.size()) << code;
  }
}

TEST(Unicode, LowerCaseIsPythonsForEveryCharacter) {
  EXPECT_EQ(lowercase(golden().at("upper").get<std::string>()),
            golden().at("lower").get<std::string>());
}

// A stop does not end a word; by Python.
TEST(Unicode, SigmaIsFinalOnlyAtTheEndOfAWord) {
  EXPECT_EQ(lowercase("ΟΔΟΣ ΣΑΣ Σ ΑΣ. ΑΣ.Α"), "οδος σας σ ας. ασ.α");
}

TEST(Unicode, SplittingLeavesNoEmptyParts) {
  EXPECT_EQ(split_unicode_whitespace("").size(), 0u);
  EXPECT_EQ(split_unicode_whitespace(" \t　").size(), 0u);
  const auto parts = split_unicode_whitespace("  ein\u00a0 Hund\r");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0], "ein");
  EXPECT_EQ(parts[1], "Hund");
}

TEST(Unicode, TrimmingKeepsWhatStandsInside) { EXPECT_EQ(trim_end(" a b \r\u3000"), " a b"); }

TEST(Unicode, KindsOfAllCharactersAreTheRegexPackages) {
  const auto& runs = golden_scores().at("kinds");
  std::size_t next = 0;
  int expected = 0;
  for (int32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    if (next < runs.size() && runs[next][0] == code) expected = runs[next++][1];
    ASSERT_EQ(static_cast<int>(kind_of(code)), expected) << code;
  }
}

}  // namespace penalmt::unicode_test
