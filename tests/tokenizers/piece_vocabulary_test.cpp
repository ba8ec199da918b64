#include "tokenizers/piece_vocabulary.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt::piece_vocabulary_test {

using Pieces = std::vector<std::string>;

std::string model_bytes() {
  return Tokenizer::train({"two men and a dog .", "a dog runs .", "two men run and run ."},
                          {.vocabulary = 40, .exact_vocabulary = false})
      .serialized();
}

Tokenizer with(const Pieces& more) {
  Pieces pieces = special_pieces();
  pieces.insert(pieces.end(), more.begin(), more.end());
  return Tokenizer::from_serialized(with_vocabulary(model_bytes(), pieces), "m.model");
}

TEST(PieceVocabulary, GivesPiecesItsOwnIds) {
  const Pieces cut = Tokenizer::from_serialized(model_bytes(), "m.model").pieces("a dog and a dog");
  Pieces pieces = cut;
  std::sort(pieces.rbegin(), pieces.rend());
  pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
  const std::string left_out = pieces.back();
  pieces.back() = "▁Quagga";  // the model does not know it
  const Tokenizer tokenizer = with(pieces);
  EXPECT_EQ(tokenizer.vocabulary_size(), static_cast<int64_t>(pieces.size()) + 4);
  EXPECT_EQ(tokenizer.pieces("a dog and a dog"), cut);
  const std::vector<int> ids = tokenizer.encode("a dog and a dog");
  ASSERT_EQ(ids.size(), cut.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    if (cut[i] == left_out)
      EXPECT_EQ(ids[i], kUnknown);
    else
      EXPECT_EQ(tokenizer.piece(ids[i]), cut[i]);
  }
  EXPECT_EQ(tokenizer.sample({"a dog and a dog"}, 0, 1)[0], ids);
  EXPECT_EQ(tokenizer.find("▁Quagga"), static_cast<int>(pieces.size()) + 3);
  EXPECT_EQ(tokenizer.find("</s>"), std::nullopt);
}

TEST(PieceVocabulary, GivesTextAsTransformersDoes) {
  const Tokenizer tokenizer = with({"▁dog", "▁Quagga", "s", "▁"});
  // The unknown and the special pieces have none; a piece that the model does not know has its
  // space.
  EXPECT_EQ(tokenizer.decode(std::vector<int>{4, 6, 3, 5, 2, 7, 1, 0}), "dogs Quagga");
  EXPECT_EQ(tokenizer.decode(std::vector<int>{}), "");
  EXPECT_EQ(tokenizer.decode(Pieces{"▁Quagga", "<unk>", "</s>", "s"}), "Quaggas");
}

TEST(PieceVocabulary, TakesALanguageCodeThatBeginsALine) {
  const Tokenizer tokenizer = with({"▁dog", ">>deu<<", ">>nld<<"});
  EXPECT_EQ(tokenizer.language_codes(), (Pieces{">>deu<<", ">>nld<<"}));
  const std::vector<int> dog = tokenizer.encode("dog");
  for (const std::string line : {">>nld<< dog", ">>nld<<dog"}) {
    const std::vector<int> ids = tokenizer.encode(line);
    ASSERT_FALSE(ids.empty());
    EXPECT_EQ(ids[0], 6);
    if (line.back() == 'g' && line[7] != ' ')
      EXPECT_EQ(std::vector<int>(ids.begin() + 1, ids.end()), dog);
    EXPECT_EQ(tokenizer.sample({line}, 0, 1)[0], ids);
  }
  // Not one that it does not know, nor inside.
  for (const std::string line : {">>fra<< dog", "a >>nld<< dog", ">> dog"})
    EXPECT_EQ(std::ranges::count(tokenizer.encode(line), 6), 0) << line;
  EXPECT_EQ(Tokenizer::from_serialized(model_bytes(), "m").language_codes(), Pieces{});
}

TEST(PieceVocabulary, StaysInTheFile) {
  const TemporaryFolder folder;
  const Tokenizer tokenizer = with({"▁dog", "▁a"});
  write_file(folder / "a.model", tokenizer.serialized());
  const Tokenizer again = Tokenizer::open(folder / "a.model");
  EXPECT_EQ(again.encode("a dog"), tokenizer.encode("a dog"));
  EXPECT_EQ(vocabulary_of(again.serialized()),
            (Pieces{"<pad>", "<s>", "</s>", "<unk>", "▁dog", "▁a"}));
  // Another one takes its place; the model's own part stays as it was.
  const std::string other = with_vocabulary(again.serialized(), special_pieces());
  EXPECT_EQ(vocabulary_of(other), special_pieces());
  EXPECT_EQ(with_vocabulary(other, {}), model_bytes());
}

TEST(PieceVocabulary, RefusesWhatIsNone) {
  const auto refusal = [](const Pieces& pieces) {
    return thrown_message<Error>(
        [&] { Tokenizer::from_serialized(with_vocabulary(model_bytes(), pieces), "m.model"); });
  };
  const std::string begin =
      "m.model: its vocabulary does not begin with <pad>, <s>, </s> and <unk>";
  EXPECT_EQ(refusal({"a"}), begin);
  EXPECT_EQ(refusal(special_pieces()), begin);
  EXPECT_EQ(refusal({"<pad>", "<s>", "</s>", "<unk>", "a", "a"}),
            "m.model: its vocabulary has the piece 'a' twice");
  EXPECT_EQ(refusal({"<pad>", "<s>", "</s>", "<unk>", ""}),
            "m.model: not a SentencePiece model, or a damaged one: a piece is empty or endless");
  EXPECT_EQ(refusal({"<pad>", "<s>", "</s>", "<unk>", "\xff"}),
            "m.model: not a SentencePiece model, or a damaged one: a piece is no text");
}

}  // namespace penalmt::piece_vocabulary_test
