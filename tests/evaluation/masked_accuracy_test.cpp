#include "evaluation/masked_accuracy.h"
#include "base/line_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/text.h"
#include "evaluation/resampling.h"

namespace penalmt::masked_accuracy_test {

using Lines = std::vector<std::string>;
using Rows = std::vector<double>;

const FormLexicon& colours() {
  static const FormLexicon lexicon = *FormLexicon::shipped("color", "de");
  return lexicon;
}

// "restricted right / relaxed right / counted" of one sentence.
std::string right(const Lines& masked, const std::string& reference,
                  const std::string& hypothesis) {
  const MaskedAccuracy restricted(MaskedMatch::kRestricted, {masked}, {reference}, colours());
  const MaskedAccuracy relaxed(MaskedMatch::kRelaxed, {masked}, {reference}, colours());
  const Statistics of_restricted = restricted.statistics({hypothesis}),
                   of_relaxed = relaxed.statistics({hypothesis});
  EXPECT_EQ(of_restricted.row(0)[1], of_relaxed.row(0)[1]);
  std::ostringstream text;
  text << of_restricted.row(0)[0] << "/" << of_relaxed.row(0)[0] << "/" << of_relaxed.row(0)[1];
  return text.str();
}

TEST(MaskedAccuracy, TakesTheVeryFormOrAnyForm) {
  EXPECT_EQ(right({"red"}, "ein rotes hemd", "ein rotes hemd"), "1/1/1");
  EXPECT_EQ(right({"red"}, "ein rotes hemd", "eine rote bluse"), "0/1/1");
  EXPECT_EQ(right({"red"}, "ein rotes hemd", "ein dunkelrotes hemd"),
            "1/1/1");  // "dunkel", "rotes"
  EXPECT_EQ(right({"red"}, "ein rotes hemd", "ein blaues hemd und brot"), "0/0/1");
  EXPECT_EQ(right({"pink"}, "ein rosa hemd", "ein pinkfarbenes hemd"),
            "0/1/1");  // another translation
  EXPECT_EQ(right({"red"}, "ein rotes hemd", ""), "0/0/1");
  EXPECT_EQ(
      right({"red", "blue"}, "ein rotes hemd und blaue jeans", "ein rotes hemd und blauen jeans"),
      "1/2/2");
}

TEST(MaskedAccuracy, AWordOfTheTranslationServesOneMaskedWord) {
  EXPECT_EQ(right({"red", "red"}, "rote hüte , rote schuhe", "rote hüte und schuhe"), "1/1/2");
  EXPECT_EQ(right({"red", "red"}, "rote hüte , rote schuhe", "rote hüte , rote schuhe"), "2/2/2");
  EXPECT_EQ(right({"red", "red"}, "rote hüte , roter schuh", "rote hüte , rote schuhe"), "1/2/2");
  // "tan" may be "braun" too, but then nothing would be left for "brown".
  EXPECT_EQ(
      right({"tan", "brown"}, "ein brauner und ein beiger hund", "ein brauner und ein beiger hund"),
      "2/2/2");
  EXPECT_EQ(right({"black", "white"}, "ein schwarz-weißer hund", "ein schwarzweißer hund"),
            "2/2/2");
}

TEST(MaskedAccuracy, CountsOnlyWhatTheReferenceTranslates) {
  EXPECT_EQ(right({"red"}, "ein hemd", "ein rotes hemd"), "0/0/0");
  EXPECT_EQ(right({"crimson"}, "ein rotes hemd", "ein rotes hemd"), "0/0/0");
  EXPECT_EQ(right({"red", "red"}, "ein rotes hemd", "ein rotes hemd"), "1/1/1");
  EXPECT_EQ(right({}, "ein rotes hemd", "ein rotes hemd"), "0/0/0");
  const MaskedAccuracy accuracy(MaskedMatch::kRelaxed, {{"red", "crimson"}, {"blue"}, {"red"}},
                                {"ein rotes hemd", "ein hemd", "rot"}, colours());
  EXPECT_EQ(accuracy.counted(), 2);
  EXPECT_EQ(accuracy.unknown(), 1);
  EXPECT_EQ(accuracy.untranslated(), 1);
}

TEST(MaskedAccuracy, IsAPercentageOfWordsNotOfSentences) {
  const MaskedAccuracy accuracy(MaskedMatch::kRestricted, {{"red", "blue", "red"}, {"green"}},
                                {"rot blau rot", "grün"}, colours());
  const Statistics rows = accuracy.statistics({"rot blau rot", "gelb"});
  EXPECT_EQ(rows.numbers, (Rows{3, 3, 0, 1}));
  EXPECT_DOUBLE_EQ(accuracy.value(rows.sum()), 75);
  EXPECT_DOUBLE_EQ(accuracy.value(Rows{0, 0}), 0);
  EXPECT_EQ(accuracy.name(), "restricted");
  EXPECT_EQ(accuracy.signature(), "nrefs:1|match:restricted|version:penalmt-" PENALMT_VERSION);
}

TEST(MaskedAccuracy, TheBestGuessIsTheMostFrequentAnswer) {
  const Lines references = {"rote", "roter", "rote", "blau"};
  const std::vector<Lines> masked = {{"red"}, {"red"}, {"red"}, {"blue"}};
  EXPECT_DOUBLE_EQ(
      MaskedAccuracy(MaskedMatch::kRestricted, masked, references, colours()).best_guess(), 50);
  EXPECT_DOUBLE_EQ(
      MaskedAccuracy(MaskedMatch::kRelaxed, masked, references, colours()).best_guess(), 75);
  EXPECT_DOUBLE_EQ(MaskedAccuracy(MaskedMatch::kRelaxed, {{}}, {"rot"}, colours()).best_guess(), 0);
}

TEST(MaskedAccuracy, GoesThroughTheBootstrap) {
  const std::vector<Lines> masked(40, {"red"});
  const Lines references(40, "rot"), wrong(40, "blau");
  Lines half = references;
  std::fill(half.begin(), half.begin() + 20, "blau");
  const MaskedAccuracy accuracy(MaskedMatch::kRelaxed, masked, references, colours());
  const auto results = paired_bootstrap(
      accuracy, {accuracy.statistics(half), accuracy.statistics(wrong), accuracy.statistics(half)},
      {.samples = 200});
  EXPECT_DOUBLE_EQ(results[0].score, 50);
  EXPECT_NEAR(results[0].confidence->mean, 50, 3);
  EXPECT_NEAR(results[0].confidence->half_width, 1.96 * 100 * 0.5 / std::sqrt(40), 4);
  EXPECT_LT(*results[1].p_value, 0.01);
}

TEST(MaskedAccuracy, FindsTheColoursOfMulti30k) {
  const char* folder = std::getenv("MULTI30K");
  if (folder == nullptr || !std::filesystem::exists(std::filesystem::path(folder) / "masking"))
    GTEST_SKIP() << "MULTI30K names no folder with masking/ in it";
  const std::filesystem::path corpus(folder);
  for (const char* kind : {"color", "people"})
    for (const char* language : {"de", "fr"}) {
      const Lines source = read_lines(corpus / "tok/test_2016_flickr.lc.norm.tok.en");
      const Lines target =
          read_lines(corpus / ("tok/test_2016_flickr.lc.norm.tok." + std::string(language)));
      const Lines positions =
          read_lines(corpus / ("masking/test_2016_flickr." + std::string(kind) + ".positions"));
      std::vector<Lines> masked(source.size());
      int64_t words = 0;
      for (std::size_t i = 0; i < source.size(); ++i)
        for (const std::string_view position : split_whitespace(positions[i])) {
          masked[i].emplace_back(split_whitespace(source[i])[std::stoul(std::string(position))]);
          ++words;
        }
      const MaskedAccuracy accuracy(MaskedMatch::kRestricted, masked, target,
                                    *FormLexicon::shipped(kind, language));
      EXPECT_EQ(accuracy.unknown(), 0);
      EXPECT_GT(static_cast<double>(accuracy.counted()), 0.9 * static_cast<double>(words))
          << kind << " " << language;
      EXPECT_DOUBLE_EQ(accuracy.value(accuracy.statistics(target).sum()), 100);
    }
}

}  // namespace penalmt::masked_accuracy_test
