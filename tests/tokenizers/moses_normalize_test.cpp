#include "tokenizers/moses_normalize.h"

#include <gtest/gtest.h>

#include "tokenizers/code_points.h"

namespace penalmt::moses_normalize_test {

std::string normalized(std::string_view line, MosesLanguage language) {
  std::u32string text = code_points(line);
  normalize_punctuation(text, language);
  return to_utf8(text);
}

constexpr auto kCzech = MosesLanguage::kCzech, kGerman = MosesLanguage::kGerman,
               kEnglish = MosesLanguage::kEnglish, kFrench = MosesLanguage::kFrench;

TEST(NormalizePunctuation, MakesTypographicMarksPlain) {
  EXPECT_EQ(normalized("„a“ “b” «c» ‘d’ ‚e‘", kCzech), "\"a\" \"b\" \"c\" \"d\" \"e\"");
  EXPECT_EQ(normalized("a–b—c…", kCzech), "a-b - c...");
  EXPECT_EQ(normalized("«\u00A0a\u00A0»", kFrench), "\"a\"");
}

TEST(NormalizePunctuation, KnowsAnApostropheBetweenTheLettersAToZOnly) {
  EXPECT_EQ(normalized("d’art l‘un x´y", kFrench), "d'art l'un x'y");
  EXPECT_EQ(normalized("d’œil l’été", kFrench), "d\"œil l\"été");
}

TEST(NormalizePunctuation, TakesSpacesFromMarks) {
  EXPECT_EQ(normalized("a : b ; 5 % ( c ) , d", kEnglish), "a: b; 5% (c), d");
  EXPECT_EQ(normalized("a\u00A0! b\u00A0? c !", kFrench), "a! b? c !");
}

TEST(NormalizePunctuation, PutsFullStopsWhereTheLanguageWritesThem) {
  EXPECT_EQ(normalized("“hello”, “bye”.", kEnglish), "\"hello,\" \"bye.\"");
  EXPECT_EQ(normalized("„ach,“ „ja.“", kGerman), "\"ach\", \"ja\".");
  EXPECT_EQ(normalized("„ach,“ „ja.“", kCzech), "\"ach,\" \"ja.\"");
  EXPECT_EQ(normalized(".\".\"", kGerman), "\"..\"");
  EXPECT_EQ(normalized("a.\"<b .\" <c", kFrench), "a.\"<b \". <c");
}

TEST(NormalizePunctuation, PutsTheMarkOfTheLanguageBetweenGroupsOfDigits) {
  EXPECT_EQ(normalized("1\u00A0000", kEnglish), "1.000");
  for (const MosesLanguage language : {kCzech, kGerman, kFrench})
    EXPECT_EQ(normalized("1\u00A0000", language), "1,000");
}

}  // namespace penalmt::moses_normalize_test
