#include "tokenizers/text_limits.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::text_limits_test {

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(TextLimits, CountCharactersOfWordsAndBytesOfLines) {
  EXPECT_EQ(too_long(repeated("é", kLongestWord)), std::nullopt);
  EXPECT_EQ(too_long("a " + repeated("é", kLongestWord + 1) + " b"),
            "a word of 30001 characters, expected at most 30000");
  EXPECT_EQ(too_long(repeated("a ", kLongestLine / 2)), std::nullopt);
  EXPECT_EQ(too_long(repeated("a ", kLongestLine / 2) + "b"),
            "a line of 1000001 bytes, expected at most 1000000");
}

TEST(TextLimits, CutBetweenCharacters) {
  EXPECT_EQ(within_limits("a b"), "a b");
  EXPECT_EQ(within_limits(""), "");
  const std::string word = repeated("é", kLongestWord);
  EXPECT_EQ(within_limits("a " + word + "é b"), "a " + word);
  EXPECT_EQ(within_limits(word), word);
  const std::string line = repeated("a ", kLongestLine / 2 - 1);  // two bytes are left
  EXPECT_EQ(within_limits(line + "éb"), line + "é");
  EXPECT_EQ(within_limits(line + "aéb"), line + "a");
  EXPECT_EQ(within_limits(line + "ab"), line + "ab");
}

TEST(TextLimits, AreNamedWithTheirPlace) {
  EXPECT_EQ(thrown_message<Error>(
                [] { expect_within_limits(std::string(kLongestWord + 1, 'x'), "a.en:3"); }),
            "a.en:3: got a word of 30001 characters, expected at most 30000; is it text?");
}

}  // namespace penalmt::text_limits_test
