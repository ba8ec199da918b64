#include "tokenizers/shortlist.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::shortlist_test {

// Source pieces 5 (the), 6 (house), 7 (book) and target pieces 8 (das), 9 (haus), 10 (buch).
const std::vector<PiecePair> kPairs = {{{5, 6}, {8, 9}}, {{5, 7}, {8, 10}}};

float weight_of(const Lexicon& lexicon, int source, int target) {
  for (const PieceWeight& each : lexicon.translations[source])
    if (each.piece == target) return each.weight;
  return 0;
}

// By hand. At first every target piece is shared by three (two source pieces and nothing), so that
// das has 2/3 of the 4/3 that "the" counts, haus and buch 1/3 each, and "house" has 1/3 of das and
// of haus. Nothing has what "the" has. In the second step das in the first pair is shared as
// t(das|the) : t(das|house) : t(das|nothing) = 1/2 : 1/2 : 1/2, haus as 1/4 : 1/2 : 1/4.
TEST(Lexicon, IsLearntByIbmModel1) {
  const Lexicon first = learn_lexicon(kPairs, 8, 11, 1, 10);
  EXPECT_NEAR(weight_of(first, 5, 8), 1.0 / 2, 1e-6);
  EXPECT_NEAR(weight_of(first, 5, 9), 1.0 / 4, 1e-6);
  EXPECT_NEAR(weight_of(first, 6, 9), 1.0 / 2, 1e-6);
  const Lexicon second = learn_lexicon(kPairs, 8, 11, 2, 10);
  // "the": das 1/3 + 1/3, haus 1/4, buch 1/4 of 7/6. "house": das 1/3, haus 1/2.
  EXPECT_NEAR(weight_of(second, 5, 8), 4.0 / 7, 1e-6);
  EXPECT_NEAR(weight_of(second, 5, 9), 3.0 / 14, 1e-6);
  EXPECT_NEAR(weight_of(second, 6, 9), 3.0 / 5, 1e-6);
  EXPECT_NEAR(weight_of(second, 6, 8), 2.0 / 5, 1e-6);
  const Lexicon later = learn_lexicon(kPairs, 8, 11, 30, 1);
  EXPECT_EQ(later.translations[6].front().piece, 9);
  EXPECT_EQ(later.translations[7].front().piece, 10);
  EXPECT_EQ(later.translations[7].size(), 1u);
  ASSERT_EQ(later.frequent.size(), 3u);
  EXPECT_EQ(later.frequent[0].piece, 8);
  EXPECT_FLOAT_EQ(later.frequent[0].weight, 0.5f);
  EXPECT_EQ(later.frequent[1].piece, 9);
}

TEST(Shortlist, HasTheFrequentAndTheBestPiecesOfASource) {
  Lexicon lexicon;
  lexicon.translations.resize(8);
  lexicon.translations[5] = {{8, 0.6f}, {9, 0.3f}, {10, 0.1f}};
  lexicon.translations[6] = {{11, 0.9f}};
  lexicon.frequent = {{12, 0.5f}, {13, 0.2f}};
  const auto pieces = [&](int64_t frequent, int64_t best, const std::vector<int>& source) {
    return Shortlist(lexicon, 20, frequent, best).pieces(source);
  };
  EXPECT_EQ(pieces(1, 2, {5}), (std::vector<int>{0, 1, kEos, kUnknown, 8, 9, 12}));
  EXPECT_EQ(pieces(2, 1, {6, 5, 6}), (std::vector<int>{0, 1, kEos, kUnknown, 8, 11, 12, 13}));
  EXPECT_EQ(pieces(0, 9, {7}), (std::vector<int>{0, 1, kEos, kUnknown}));
  // Nobody counted: the vocabulary's first, as Marian takes them.
  lexicon.frequent.clear();
  EXPECT_EQ(pieces(3, 1, {7}), (std::vector<int>{0, 1, kEos, kUnknown, 4, 5, 6}));
  EXPECT_EQ(pieces(100, 1, {7}).size(), 20u);
}

class LexiconFile : public testing::Test {
 protected:
  static Tokenizer trained() {
    return Tokenizer::train({"a red circle .", "ein roter kreis .", "two blue squares ."},
                            {.vocabulary = 40, .exact_vocabulary = false});
  }
  std::string refusal(const std::string& bytes) const {
    write_file(folder_ / "lex", bytes);
    try {
      read_lexicon(folder_ / "lex", tokenizer_, tokenizer_);
    } catch (const Error& error) {
      return folder_.without_path(error.what());
    }
    return "no refusal";
  }
  const TemporaryFolder folder_;
  const Tokenizer tokenizer_ = trained();
};

TEST_F(LexiconFile, IsReadAsItWasWritten) {
  std::vector<PiecePair> pairs;
  for (const auto& [source, target] :
       {std::pair("a red circle .", "ein roter kreis ."), {"two blue squares .", "ein kreis ."}})
    pairs.push_back({tokenizer_.encode(source), tokenizer_.encode(target)});
  const Lexicon lexicon =
      learn_lexicon(pairs, tokenizer_.vocabulary_size(), tokenizer_.vocabulary_size(), 3, 20);
  write_file(folder_ / "lex", as_text(lexicon, tokenizer_, tokenizer_));
  const Lexicon again = read_lexicon(folder_ / "lex", tokenizer_, tokenizer_);
  ASSERT_EQ(again.translations.size(), lexicon.translations.size());
  int compared = 0;
  for (size_t s = 0; s < lexicon.translations.size(); ++s)
    for (const PieceWeight& each : lexicon.translations[s]) {
      EXPECT_NEAR(weight_of(again, static_cast<int>(s), each.piece), each.weight, 1e-5);
      ++compared;
    }
  EXPECT_GT(compared, 20);
  EXPECT_EQ(again.frequent.size(), lexicon.frequent.size());
}

TEST_F(LexiconFile, OfMarianPassesOverForeignPieces) {
  const std::string circle = tokenizer_.pieces("circle").front(),
                    ein = tokenizer_.pieces("ein").front();
  std::string lines = ein + " " + circle + " 0.25\nzzz " + circle + " 0.5\n" + ein + " zzz 1e-05\n";
  const std::string other = tokenizer_.pieces("circle").back();
  for (int i = 0; i < 17; ++i) lines += other + " " + other + " 0.5\n";
  write_file(folder_ / "lex", lines);
  const Lexicon lexicon = read_lexicon(folder_ / "lex", tokenizer_, tokenizer_);
  EXPECT_FLOAT_EQ(
      weight_of(lexicon, tokenizer_.encode("circle").front(), tokenizer_.encode("ein").front()),
      0.25f);
  EXPECT_TRUE(lexicon.frequent.empty());
}

TEST_F(LexiconFile, IsRefusedWhereItIsNone) {
  EXPECT_EQ(refusal("zzz yyy 0.5\n"),
            "lex: 1 of 1 lines name pieces that the model does not have; expected at most 1 in 10; "
            "is it another model's?");
  // Another vocabulary has many of the same pieces.
  const std::string piece = tokenizer_.pieces("circle").front();
  std::string mixed;
  for (int i = 0; i < 20; ++i)
    mixed += piece + " " + (i % 5 == 0 ? "zzz" + std::to_string(i) : piece) + " 0.5\n";
  EXPECT_EQ(refusal(mixed).substr(0, 20), "lex: 4 of 20 lines n");
  EXPECT_EQ(refusal("").substr(0, 20), "lex: 0 of 0 lines na");
  EXPECT_EQ(refusal("one two\n"),
            "lex:1: got 'one two', expected three words: a target piece, a source piece, a "
            "probability");
  EXPECT_EQ(refusal("a b 0.5\na b -1\n").substr(0, 6), "lex:2:");
}

}  // namespace penalmt::shortlist_test
