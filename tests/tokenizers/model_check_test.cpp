// Damaged SentencePiece models are refused before the library reads them.
#include "tokenizers/model_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt::model_check_test {

const std::filesystem::path kBadMap = PENALMT_SOURCE "/tests/golden/tokenizer_bad_map.model";
const std::vector<std::string> kText = {"two men walk .", "a red circle above two small squares",
                                        "zwei rote kreise ½ ﬁn ÀÉ", "a b c d e f g h i j k l"};

std::string model_of(const std::string& kind, const std::string& normalizer, bool byte_fallback) {
  return Tokenizer::train(kText, {.vocabulary = byte_fallback ? 330 : 60,
                                  .kind = kind,
                                  .normalizer = normalizer,
                                  .byte_fallback = byte_fallback,
                                  .exact_vocabulary = false})
      .serialized();
}

TEST(ModelCheck, TakesWhatTheLibraryWrites) {
  for (const char* normalizer : {"identity", "nfkc", "nmt_nfkc", "nfkc_cf", "nmt_nfkc_cf"})
    EXPECT_EQ(damage_in_model(model_of("unigram", normalizer, false)), std::nullopt) << normalizer;
  EXPECT_EQ(damage_in_model(model_of("bpe", "nmt_nfkc", true)), std::nullopt);
}

TEST(ModelCheck, RefusesACharacterMapThatPointsOutside) {
  const std::string map = "its character map points outside itself";
  EXPECT_EQ(damage_in_model(read_file(kBadMap)), map);
  EXPECT_EQ(thrown_message<Error>([] { Tokenizer::open(kBadMap); }),
            kBadMap.string() + ": not a SentencePiece model, or a damaged one: " + map);
  std::string model = model_of("bpe", "nmt_nfkc", false);
  // The name of the normaliser, then the map: key, 3 bytes of length, the trie's size, the root.
  const std::size_t root = model.rfind("nmt_nfkc") + 8 + 1 + 3 + 4;
  model[root + 3] = '\x7f';  // the highest bits of its offset
  EXPECT_EQ(damage_in_model(model), map);
}

std::string with_score(const std::string& score) {
  const std::string piece = std::string(
                                "\x0a\x01"
                                "a\x15",
                                4) +
                            score;
  return "\x0a" + std::string(1, static_cast<char>(piece.size())) + piece +
         std::string("\x12\x00\x1a\x00", 4);
}

TEST(ModelCheck, RefusesPiecesThatAreNone) {
  EXPECT_EQ(damage_in_model(with_score(std::string("\x00\x00\x80\x3f", 4))), std::nullopt);
  EXPECT_EQ(damage_in_model(with_score(std::string("\x00\x00\xc0\x7f", 4))),
            "the score of a piece is not finite");
  const std::string settings("\x12\x00\x1a\x00", 4);
  EXPECT_EQ(damage_in_model(std::string("\x0a\x03\x0a\x01\xe9", 5) + settings),
            "a piece is no text");
  EXPECT_EQ(damage_in_model(std::string("\x0a\x02\x0a\x00", 4) + settings),
            "a piece is empty or endless");
  EXPECT_EQ(damage_in_model(std::string("\x0a\x05\x0a\x01"
                                        "a\x18\x09",
                                        7) +
                            settings),
            "a piece is of an unknown kind");
  EXPECT_EQ(damage_in_model("a text"), "");
  EXPECT_EQ(damage_in_model(settings), std::nullopt);  // the library asks for pieces itself
}

// Opens, and uses where it opens. True where it opened.
bool survives(const std::string& model) {
  try {
    const Tokenizer tokenizer = Tokenizer::from_serialized(model, "m.model");
    for (const std::string& line : kText) {
      EXPECT_LT(tokenizer.decode(tokenizer.encode(line)).size(), 100'000u);
      tokenizer.pieces(line);
    }
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 9), "m.model: ");
    return false;
  }
}

TEST(ModelCheck, DamagedModelsNeverEndTheProgram) {
  std::mt19937 random(1);
  const auto mutated = [&](std::string model, std::size_t from) {
    for (unsigned changes = 1 + random() % 4; changes-- > 0;) {
      const std::size_t at = from + random() % (model.size() - from);
      const unsigned kind = random() % 8;
      if (kind == 0) model.erase(at, 1 + random() % 8);
      if (kind == 1) model.insert(at, 1 + random() % 8, static_cast<char>(random()));
      if (kind == 2) model[at] = static_cast<char>(random() % 2 == 0 ? 0xFF : 0);
      if (kind > 2) model[at] = static_cast<char>(model[at] ^ 1 << random() % 8);
      if (model.size() <= from) break;
    }
    return model;
  };
  const auto round = [&](const std::string& model, int count, std::size_t from) {
    int opened = 0;
    for (int i = 0; i < count; ++i) opened += survives(mutated(model, from));
    return opened;
  };
  int opened = 0;
  for (const char* kind : {"bpe", "unigram"}) {
    opened += round(model_of(kind, "identity", false), 2000, 0);
    opened += round(model_of(kind, "identity", true), 1000, 0);
  }
  opened += round(read_file(kBadMap), 2000, 300);
  opened += round(model_of("unigram", "nmt_nfkc", false), 300, 1000);
  EXPECT_GT(opened, 500);  // some changes do no harm
}

TEST(Tokenizer, RefusesWordsThatTheLibraryCannotTrainOn) {
  for (const char* kind : {"bpe", "unigram"}) {
    EXPECT_EQ(thrown_message<Error>([&] {
                Tokenizer::train({"a b", "x " + std::string(32'780, 'x')},
                                 {.vocabulary = 20, .kind = kind});
              }),
              "tokenizer: line 2 of the training text: got a word of 32780 characters, expected at "
              "most 30000; is it text?");
    EXPECT_NO_THROW(Tokenizer::train({"a b", "x " + std::string(30'000, 'x')},
                                     {.vocabulary = 20, .kind = kind, .exact_vocabulary = false}));
  }
}

}  // namespace penalmt::model_check_test
