#include "tokenizers/moses_tokenize.h"

#include <gtest/gtest.h>

#include "tokenizers/code_points.h"

namespace penalmt::moses_tokenize_test {

std::string tokenized(std::string_view line, MosesLanguage language) {
  return to_utf8(moses_tokenized(code_points(line), language));
}

constexpr auto kCzech = MosesLanguage::kCzech, kGerman = MosesLanguage::kGerman,
               kEnglish = MosesLanguage::kEnglish, kFrench = MosesLanguage::kFrench;

TEST(MosesTokenized, PartsApostrophesAsTheLanguageDoes) {
  const std::string line = "it's the boys' l'homme, d'11";
  EXPECT_EQ(tokenized(line, kEnglish), "it 's the boys ' l 'homme , d ' 11");
  EXPECT_EQ(tokenized(line, kFrench), "it' s the boys ' l' homme , d ' 11");
  EXPECT_EQ(tokenized(line, kGerman), "it ' s the boys ' l ' homme , d ' 11");
  EXPECT_EQ(tokenized(line, kCzech), tokenized(line, kGerman));
  EXPECT_EQ(tokenized("the 1990's", kEnglish), "the 1990 's");
}

TEST(MosesTokenized, KeepsTheFullStopOfAnAbbreviation) {
  EXPECT_EQ(tokenized("usw. 5 ca. 3 x", kGerman), "usw. 5 ca. 3 x");
  EXPECT_EQ(tokenized("usw. 5 ca. 3 x", kEnglish), "usw . 5 ca . 3 x");
  EXPECT_EQ(tokenized("am 31. 5", kGerman), "am 31. 5");
  EXPECT_EQ(tokenized("am 100. 5", kGerman), "am 100 . 5");
  EXPECT_EQ(tokenized("am 031. 5", kGerman), "am 031 . 5");
  EXPECT_EQ(tokenized("pp. 3 pp. \"", kEnglish), "pp. 3 pp . \"");
  EXPECT_EQ(tokenized("např. 5", kCzech), "např. 5");
  EXPECT_EQ(tokenized("un musée d'art.", kFrench), "un musée d' art.");
}

TEST(MosesTokenized, KeepsTheFullStopBeforeALowerCaseWordAndInsideInitials) {
  EXPECT_EQ(tokenized("stop. go", kEnglish), "stop. go");
  EXPECT_EQ(tokenized("stop. 5", kEnglish), "stop . 5");
  EXPECT_EQ(tokenized("the u.s.", kEnglish), "the u.s.");
  EXPECT_EQ(tokenized("3.14.", kEnglish), "3.14 .");
}

TEST(MosesTokenized, KeepsFullStopsInARowTogether) {
  EXPECT_EQ(tokenized("a..b ...", kEnglish), "a .. b ...");
}

TEST(MosesTokenized, PartsCommasButForThoseInNumbers) {
  EXPECT_EQ(tokenized("a,b 5,300 5, 6 a,5", kEnglish), "a , b 5,300 5 , 6 a , 5");
  EXPECT_EQ(tokenized("5,", kEnglish), "5 ,");
}

TEST(MosesTokenized, LeavesHyphensInWordsAndPartsOtherMarks) {
  EXPECT_EQ(tokenized("t-shirt -a (b)c/d@e_f", kEnglish), "t-shirt -a ( b ) c / d @ e _ f");
}

TEST(MosesTokenized, ReadsAllWhiteSpaceAsOneSpaceAndDropsControlCharacters) {
  EXPECT_EQ(tokenized(" a\t\u00A0b\u2003c\x01"
                      "d \x02 e ",
                      kEnglish),
            "a b cd e");
  EXPECT_EQ(tokenized(" \u00A0", kEnglish), "");
}

TEST(MosesTokenized, LeavesTheSpacesThatMosesLeaves) {
  EXPECT_EQ(tokenized("dogs.'", kEnglish), "dogs . ' ");
  EXPECT_EQ(tokenized("dogs .'", kEnglish), "dogs  . ' ");
}

}  // namespace penalmt::moses_tokenize_test
