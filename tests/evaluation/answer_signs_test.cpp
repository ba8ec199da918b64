#include "evaluation/answer_signs.h"
#include "base/line_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"

namespace penalmt::answer_signs_test {

bool repeats(const std::string& line) { return repeats_itself(split_whitespace(line)); }

TEST(AnswerSigns, SeeOneThingSaidOverAndOver) {
  EXPECT_TRUE(repeats("ein der der der der der"));
  EXPECT_FALSE(repeats("der der der der"));
  EXPECT_TRUE(repeats("x ka ki ka ki ka ki ka ki"));
  EXPECT_FALSE(repeats("ka ki ka ki ka ki ka"));
  EXPECT_TRUE(repeats("a b c d a b c d a b c d a b c d"));
  EXPECT_FALSE(repeats("a b c d e a b c d e a b c d e a b c d e"));  // a unit of five
  EXPECT_FALSE(repeats("ein mann und ein hund und ein ball"));
  EXPECT_FALSE(repeats(""));
}

TEST(AnswerSigns, SeeASourceCopied) {
  EXPECT_TRUE(copies_source("a dog runs fast .", "a dog runs fast ."));
  EXPECT_TRUE(copies_source("a dog runs on grass .", "a dog runs on gras ."));
  EXPECT_FALSE(copies_source("a dog runs .", "a dog runs ."));  // three words may be a name
  EXPECT_FALSE(copies_source("in new york city .", "leute in new york city , usa ."));
  EXPECT_FALSE(copies_source("a a &apos; 1 2 3 4", "&apos; 1 2 3 4 &apos; &apos;"));  // no words
  EXPECT_FALSE(copies_source("dog", "dog dog dog dog"));  // each word counts once
}

TEST(AnswerSigns, SayHowManyAndWhere) {
  AnswerSigns signs;
  EXPECT_EQ(signs.text(), "");
  signs.add(false, false);
  signs.add(true, false);
  EXPECT_EQ(signs.text(), "1 of 2 translations says one thing over and over, first in line 2");
  for (int i = 0; i < 998; ++i) signs.add(i == 0, i > 996);
  EXPECT_EQ(signs.text(),
            "2 of 1,000 translations say one thing over and over, first in line 2; 1 of 1,000 "
            "translations repeats the source, first in line 1000");
}

TEST(AnswerSigns, NameTheLinesThatWereLookedAt) {
  AnswerSigns signs;
  signs.add(false, false, 3);
  signs.add(true, false, 7);
  EXPECT_EQ(signs.text(), "1 of 2 translations says one thing over and over, first in line 7");
}

TEST(AnswerSigns, AreInNoReferenceOfMulti30ksTestSets) {
  const char* const corpus = getenv("MULTI30K");
  if (!corpus) GTEST_SKIP() << "MULTI30K is not set: the real corpus is not checked";
  const std::filesystem::path folder = std::filesystem::path(corpus) / "tok";
  AnswerSigns signs;
  for (const char* const split : {"test_2016_flickr", "test_2017_flickr", "test_2017_mscoco"})
    for (const char* const language : {"cs", "de", "fr"}) {
      const std::string name = std::string(split) + ".lc.norm.tok.";
      if (!std::filesystem::exists(folder / (name + language))) continue;
      const auto sources = read_lines(folder / (name + "en"));
      const auto references = read_lines(folder / (name + language));
      for (std::size_t i = 0; i < sources.size(); ++i)
        signs.add(repeats(references[i]), copies_source(sources[i], references[i]));
    }
  EXPECT_GT(signs.lines, 1000);
  EXPECT_EQ(signs.text(), "");
}

}  // namespace penalmt::answer_signs_test
