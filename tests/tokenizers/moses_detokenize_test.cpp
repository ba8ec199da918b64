#include "tokenizers/moses_detokenize.h"

#include <gtest/gtest.h>

#include "tokenizers/code_points.h"

namespace penalmt::moses_detokenize_test {

std::string joined(std::string_view line, MosesLanguage language) {
  return to_utf8(moses_detokenized(code_points(line), language));
}

constexpr auto kCzech = MosesLanguage::kCzech, kGerman = MosesLanguage::kGerman,
               kEnglish = MosesLanguage::kEnglish, kFrench = MosesLanguage::kFrench;

TEST(MosesDetokenized, JoinsMarksToTheWordsTheyBelongTo) {
  EXPECT_EQ(joined("\" hello \" , he said ( loudly ) .", kEnglish), "\"hello\", he said (loudly).");
  EXPECT_EQ(joined("at 11 : 27 : # 5 for $ 2.50 or 5 % ...", kEnglish),
            "at 11:27: #5 for $2.50 or 5%...");
  EXPECT_EQ(joined("and / or", kEnglish), "and/or");
  EXPECT_EQ(joined("a - b t-shirt = c", kEnglish), "a - b t-shirt = c");
}

TEST(MosesDetokenized, JoinsContractionsAsTheLanguageDoes) {
  EXPECT_EQ(joined("it 's what they don 't", kEnglish), "it's what they don't");
  EXPECT_EQ(joined("l' homme d' art qu' elle", kFrench), "l'homme d'art qu'elle");
  EXPECT_EQ(joined("l ' 11", kFrench), "l'11");
  EXPECT_EQ(joined("auf geht ' s bei mcdonald ' s-restaurant", kGerman),
            "auf geht's bei mcdonald's-restaurant");
  EXPECT_EQ(joined("levi ' s", kCzech), "levi's");
}

TEST(MosesDetokenized, TellsQuotesFromApostrophes) {
  EXPECT_EQ(joined("a sign says ' free dinner ' here", kEnglish), "a sign says 'free dinner' here");
  EXPECT_EQ(joined("the surgeons ' gowns", kEnglish), "the surgeons' gowns");
  EXPECT_EQ(joined("joe ' s ' thriller ' hat", kGerman), "joe's 'thriller' hat");
}

TEST(MosesDetokenized, PairsQuotesAndSetsALoneOneByItsPlace) {
  EXPECT_EQ(joined("\" a \" and \" b \"", kGerman), "\"a\" and \"b\"");
  EXPECT_EQ(joined("\" zwei männer", kGerman), "\"zwei männer");
  EXPECT_EQ(joined("zwei männer . \"", kGerman), "zwei männer.\"");
  EXPECT_EQ(joined("das \" hook \" -zeichen", kGerman), "das \"hook\"-zeichen");
}

TEST(MosesDetokenized, JoinsAnAmpersandBetweenSingleLetters) {
  EXPECT_EQ(joined("texas a & m", kEnglish), "texas a&m");
  EXPECT_EQ(joined("red & black & c", kEnglish), "red & black & c");
  EXPECT_EQ(joined("h & amp ; r and red & amp ; black", kEnglish), "h&amp;r and red &amp; black");
}

TEST(MosesDetokenized, WritesFrenchSpacesBeforeHighMarks) {
  EXPECT_EQ(joined("quoi ? non ! ici : là ; \" oh ! \" 11 : 27", kFrench),
            "quoi ? non ! ici : là ; \"oh !\" 11:27");
  EXPECT_EQ(joined("quoi ? non !", kCzech), "quoi? non!");
}

TEST(MosesDetokenized, TakesAQuoteForTheFrenchApostropheThatItWas) {
  EXPECT_EQ(joined("un clin d \" œil à l \" école", kFrench), "un clin d'œil à l'école");
  EXPECT_EQ(joined("un clin d \" œil", kGerman), "un clin d\" œil");
}

TEST(MosesDetokenized, LeavesNothingOfNothing) {
  EXPECT_EQ(joined("", kEnglish), "");
  EXPECT_EQ(joined("  ", kEnglish), "");
  EXPECT_EQ(joined("' ", kEnglish), "'");
}

}  // namespace penalmt::moses_detokenize_test
