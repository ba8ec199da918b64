#include "evaluation/tokenizers.h"

#include <gtest/gtest.h>

#include "evaluation/unicode.h"
#include "tests/evaluation/golden_scores.h"

namespace penalmt::tokenizers_test {

std::string words(const std::string& tokenizer, const std::string& line) {
  const std::string tokenized = make_score_tokenizer(tokenizer)->tokenize(line);
  std::string joined;
  for (const auto word : split_unicode_whitespace(tokenized))
    joined.append(joined.empty() ? "" : "|").append(word);
  return joined;
}

TEST(ScoreTokenizers, NoneLeavesTheLineAlone) {
  EXPECT_EQ(make_score_tokenizer("none")->tokenize(" Hello,  &amp; "), " Hello,  &amp; ");
}

TEST(ScoreTokenizers, ThirteenASeparatesSignsButNotInNumbers) {
  EXPECT_EQ(words("13a", "Hello, world! (3.14 and 1,000.)"),
            "Hello|,|world|!|(|3.14|and|1,000|.|)");
  EXPECT_EQ(words("13a", "don't a-b 5-6"), "don't|a-b|5|-|6");
}

TEST(ScoreTokenizers, ThirteenAUndoesMarkup) {
  EXPECT_EQ(words("13a", "&quot;a&quot; &amp;lt; <skipped>b line-\nend\nnext"),
            "\"|a|\"|<|b|lineend|next");
}

TEST(ScoreTokenizers, ThirteenALooksAtAsciiOnly) {
  EXPECT_EQ(words("13a", "Größe。„ja“ ٣.٤"), "Größe。„ja“|٣|.|٤");
}

TEST(ScoreTokenizers, GiveSacrebleusWords) {
  for (const auto& expected : golden_scores().at("tokenizers")) {
    const std::string line = expected.at("line");
    for (const char* name : {"intl", "zh", "char"}) {
      SCOPED_TRACE(std::string(name) + ": " + line);
      const std::string tokenized = make_score_tokenizer(name)->tokenize(trim_end(line));
      std::vector<std::string> words;
      for (const auto word : split_unicode_whitespace(tokenized)) words.emplace_back(word);
      EXPECT_EQ(words, expected.at(name).get<std::vector<std::string>>());
    }
  }
}

}  // namespace penalmt::tokenizers_test
