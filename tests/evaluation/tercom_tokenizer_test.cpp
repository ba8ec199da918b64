#include "evaluation/tercom_tokenizer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace penalmt::tercom_tokenizer_test {

// By sacreBLEU; lines and all combinations of options are in tests/golden/ter.py.
TEST(TercomTokenizer, LinesReadAsSacrebleusWhateverTheOptions) {
  const auto golden =
      nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/ter.json")).at("tokenizer");
  const auto lines = golden.at("lines").get<std::vector<std::string>>();
  EXPECT_EQ(golden.at("tokenized").size(), 16u);
  for (const auto& [letters, expected] : golden.at("tokenized").items()) {
    const auto on = [&letters = letters](char letter) {
      return letters.find(letter) != std::string::npos;
    };
    const TercomOptions options = {.normalized = on('n'),
                                   .no_punct = on('p'),
                                   .asian_support = on('a'),
                                   .case_sensitive = on('c')};
    for (std::size_t i = 0; i < lines.size(); ++i)
      EXPECT_EQ(tercom_tokenize(lines[i], options), expected.at(i)) << letters << ": " << lines[i];
  }
}

TEST(TercomTokenizer, LowersCaseAndJoinsWordsByDefault) {
  EXPECT_EQ(tercom_tokenize(" Der  ÄRGER,\u3000(1) ", {}), "der ärger, (1)");
  EXPECT_EQ(tercom_tokenize("Der", {.case_sensitive = true}), "Der");
}

TEST(TercomTokenizer, SetsPunctuationApartButNotInNumbers) {
  EXPECT_EQ(tercom_tokenize("it's 1,000.5 &amp; 5-6, ok?", {.normalized = true}),
            "it 's 1,000.5 & 5 - 6 , ok ?");
}

TEST(TercomTokenizer, SplitsIdeographsButNotKana) {
  EXPECT_EQ(tercom_tokenize("日本語、ひらがな", {.normalized = true, .asian_support = true}),
            "日 本 語 、 ひらがな");
  EXPECT_EQ(tercom_tokenize("日本語、ひらがな", {.asian_support = true}), "日本語、ひらがな");
}

TEST(TercomTokenizer, RemovesPunctuationWithoutSplittingWords) {
  EXPECT_EQ(tercom_tokenize("a.b (c) ! 、d", {.no_punct = true}), "ab c 、d");
  EXPECT_EQ(tercom_tokenize("a.b (c) ! 、d", {.no_punct = true, .asian_support = true}), "ab c d");
}

}  // namespace penalmt::tercom_tokenizer_test
