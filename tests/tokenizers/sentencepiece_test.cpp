#include "tokenizers/sentencepiece.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::sentencepiece_test {

using Lines = std::vector<std::string>;
using nlohmann::json;

// What SentencePiece's Python package answered (tests/golden/tokenizer.py).
const json& golden() {
  static const json answers =
      config::parse_file(std::filesystem::path(PENALMT_SOURCE) / "tests/golden/tokenizer.json");
  return answers;
}

Lines corpus() { return golden()["corpus"].get<Lines>(); }

TokenizerOptions options_of(const json& golden_case) {
  TokenizerOptions options;
  options.kind = golden_case["kind"];
  options.vocabulary = golden_case["vocabulary"];
  options.normalizer = golden_case["normalizer"];
  options.byte_fallback = golden_case["byte_fallback"];
  return options;
}

std::string training_refusal(const Lines& lines, const TokenizerOptions& options) {
  return thrown_message<Error>([&] { Tokenizer::train(lines, options); });
}

Tokenizer small_tokenizer() { return Tokenizer::train(corpus(), {.vocabulary = 150}); }

// Varint and length-delimited fields of a protocol buffer, enough to write a model by hand.
std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) +
         bytes;
}
std::string field(int number, int value) {
  return std::string(1, static_cast<char>(number << 3)) + static_cast<char>(value);
}

Lines pieces_of(const Tokenizer& tokenizer) {
  Lines pieces;
  for (int id = 0; id < tokenizer.vocabulary_size(); ++id) pieces.push_back(tokenizer.piece(id));
  return pieces;
}

Lines sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

TEST(Tokenizer, FindsThePiecesThatSentencePieceItselfFinds) {
  for (const json& answer : golden()["cases"]) {
    const Lines pieces = pieces_of(Tokenizer::train(corpus(), options_of(answer)));
    EXPECT_EQ(pieces, answer["tool_pieces"].get<Lines>()) << answer["kind"];
    // The Python package is a later release, which orders unigram pieces of nearly equal
    // probability differently.
    const Lines of_python = answer["python_pieces"].get<Lines>();
    EXPECT_EQ(sorted(pieces), sorted(of_python)) << answer["kind"];
    if (answer["kind"] == "bpe") {
      EXPECT_EQ(pieces, of_python);
    }
  }
}

TEST(Tokenizer, SplitsAndJoinsLinesAsSentencePieceItself) {
  for (const json& answer : golden()["cases"]) {
    const Tokenizer tokenizer =
        answer.contains("model")
            ? Tokenizer::from_serialized(bytes_of_hex(answer["model"]), "golden")
            : Tokenizer::train(corpus(), options_of(answer));
    for (const json& line : answer["lines"]) {
      const std::string text = line["text"];
      EXPECT_EQ(tokenizer.pieces(text), line["pieces"].get<Lines>()) << text;
      EXPECT_EQ(tokenizer.encode(text), line["ids"].get<std::vector<int>>()) << text;
      EXPECT_EQ(tokenizer.decode(line["ids"].get<std::vector<int>>()),
                line["decoded_ids"].get<std::string>())
          << text;
      EXPECT_EQ(tokenizer.decode(line["pieces"].get<Lines>()),
                line["decoded_pieces"].get<std::string>())
          << text;
    }
  }
}

TEST(Tokenizer, GivesBackEveryLineWhoseCharactersItKnows) {
  const Lines more = {"",
                      " ",
                      "    ",
                      "a  man ",
                      "  nam a",
                      "männer über ½ ﬁ Ａ",
                      "é is not e\u0301",
                      "😀😀",
                      "straßenbrücke"};
  for (const char* kind : {"bpe", "unigram"}) {
    const Tokenizer tokenizer = Tokenizer::train(corpus(), {.vocabulary = 70, .kind = kind});
    for (const Lines& lines : {corpus(), more}) {
      for (const std::string& line : lines) {
        EXPECT_EQ(tokenizer.decode(tokenizer.pieces(line)), line);
        EXPECT_EQ(tokenizer.decode(tokenizer.encode(line)), line);
      }
    }
  }
}

TEST(Tokenizer, LeavesAMergeOutAsOftenAsAsked) {
  // Three characters (▁ a b) and one merge: a line is two pieces, or three where the merge is left
  // out.
  const Tokenizer tokenizer = Tokenizer::train({"ab", "ab"}, {.vocabulary = 8});
  ASSERT_EQ(tokenizer.encode("ab").size(), 2u);
  constexpr int kLines = 20000;
  constexpr double kDropout = 0.1;
  int apart = 0;
  for (const std::vector<int>& ids : tokenizer.sample(Lines(kLines, "ab"), kDropout, 1))
    apart += ids.size() == 3;
  const double deviation = std::sqrt(kLines * kDropout * (1 - kDropout));
  EXPECT_NEAR(apart, kLines * kDropout, 4 * deviation);
}

TEST(Tokenizer, SamplesPiecesOfTheSameLinesAndTheSameForTheSameSeed) {
  const Tokenizer tokenizer = small_tokenizer();
  const auto sampled = tokenizer.sample(corpus(), 0.3, 7);
  ASSERT_EQ(sampled.size(), corpus().size());
  std::size_t plain = 0, drawn = 0;
  for (std::size_t i = 0; i < sampled.size(); ++i) {
    EXPECT_EQ(tokenizer.decode(sampled[i]), corpus()[i]);
    plain += tokenizer.encode(corpus()[i]).size();
    drawn += sampled[i].size();
  }
  EXPECT_GT(drawn, plain);
  EXPECT_EQ(tokenizer.sample(corpus(), 0.3, 7), sampled);
  EXPECT_NE(tokenizer.sample(corpus(), 0.3, 8), sampled);
}

TEST(Tokenizer, GivesBackCharactersNeverSeenWithByteFallback) {
  const Tokenizer tokenizer =
      Tokenizer::train(corpus(), {.vocabulary = 400, .byte_fallback = true});
  for (const char* const line : {"日本 and ∞", "a\tb\r", "ZWEI", "ÿ\x01"}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(line)), line);
  }
}

TEST(Tokenizer, TurnsTheSpaceMarkIntoASpace) {
  const Tokenizer tokenizer = small_tokenizer();
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a▁man")),
            "a man");  // the one exception to the round trip
}

TEST(Tokenizer, AddsNoSpecialPiecesAndGivesThemNoText) {
  const Tokenizer tokenizer = small_tokenizer();
  std::vector<int> ids = tokenizer.encode("a man");
  for (const int id : ids) EXPECT_GT(id, kUnknown);
  ids.insert(ids.begin(), kBos);
  ids.insert(ids.end(), {kEos, kPad, kPad});
  EXPECT_EQ(tokenizer.decode(ids), "a man");
  EXPECT_EQ(tokenizer.decode(std::vector<int>{kUnknown}), " ⁇ ");
  EXPECT_EQ(tokenizer.decode(std::vector<int>{}), "");
}

TEST(Tokenizer, IsTheSameEveryTime) {
  for (const char* kind : {"bpe", "unigram"}) {
    const TokenizerOptions options = {.vocabulary = 70, .kind = kind};
    EXPECT_EQ(Tokenizer::train(corpus(), options).serialized(),
              Tokenizer::train(corpus(), options).serialized());
  }
}

TEST(Tokenizer, IsTheSameAfterSavingAndOpening) {
  const TemporaryFolder folder;
  const Tokenizer tokenizer = small_tokenizer();
  write_file(folder / "m.model", tokenizer.serialized());
  const Tokenizer opened = Tokenizer::open(folder / "m.model");
  EXPECT_EQ(opened.serialized(), tokenizer.serialized());
  EXPECT_EQ(opened.vocabulary_size(), 150);
  for (const std::string& line : corpus()) EXPECT_EQ(opened.encode(line), tokenizer.encode(line));
}

TEST(Tokenizer, ServesSeveralThreads) {
  const Tokenizer tokenizer = small_tokenizer();
  const Lines lines = corpus();
  std::vector<std::thread> threads;
  std::vector<std::vector<std::vector<int>>> found(4);
  for (auto& mine : found) {
    threads.emplace_back([&] {
      for (const std::string& line : lines) mine.push_back(tokenizer.encode(line));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : found) EXPECT_EQ(mine, found[0]);
}

TEST(Tokenizer, MakesFewerPiecesWhereThatIsAllowed) {
  const Tokenizer tokenizer =
      Tokenizer::train(corpus(), {.vocabulary = 10000, .exact_vocabulary = false});
  EXPECT_LT(tokenizer.vocabulary_size(), 10000);
  EXPECT_GT(tokenizer.vocabulary_size(), 150);
}

TEST(Tokenizer, RefusesTextThatDoesNotFitTheVocabulary) {
  const Lines lines = {"ab ab", "abc"};
  EXPECT_EQ(
      training_refusal(lines, {.vocabulary = 100}),
      "tokenizer: vocabulary: got 100, expected at most 14 for this text; or allow fewer pieces "
      "(exact_vocabulary false)");
  EXPECT_EQ(
      training_refusal(lines, {.vocabulary = 100, .kind = "unigram"}),
      "tokenizer: vocabulary: got 100, expected at most 9 for this text; or allow fewer pieces "
      "(exact_vocabulary false)");
  EXPECT_EQ(training_refusal(lines, {.vocabulary = 6}),
            "tokenizer: vocabulary: got 6, expected at least 8: this text has that many characters "
            "and special pieces");
  EXPECT_EQ(training_refusal({}, {}), "tokenizer: the training text is empty");
  EXPECT_EQ(training_refusal({"", ""}, {}), "tokenizer: the training text is empty");
}

TEST(Tokenizer, RefusesFilesThatAreNoModel) {
  const TemporaryFolder folder;
  const auto opening = [&](const std::string& bytes) {
    write_file(folder / "m.model", bytes);
    return folder.without_path(thrown_message<Error>([&] { Tokenizer::open(folder / "m.model"); }));
  };
  const std::string refusal = "m.model: not a SentencePiece model, or a damaged one";
  const std::string whole = small_tokenizer().serialized();
  EXPECT_EQ(opening(""), refusal);
  EXPECT_EQ(opening("a text"), refusal);
  EXPECT_EQ(opening(whole.substr(0, whole.size() / 2)), refusal);
  // The last bytes hold settings that mean nothing when empty; everything before them is needed.
  for (std::size_t size = 1; size + 20 < whole.size(); ++size) {
    EXPECT_EQ(thrown_message<Error>(
                  [&] { Tokenizer::from_serialized(whole.substr(0, size), "m.model"); }),
              refusal)
        << size;
  }
  EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { Tokenizer::open(folder / "none"); })),
            "none: cannot read: No such file or directory");
}

TEST(Tokenizer, RefusesModelsWithOtherSpecialPieces) {
  // SentencePiece's own defaults: unknown 0, bos 1, eos 2, no pad. Piece types: 2 unknown, 3
  // control, 1 normal.
  const std::string model = field(1, field(1, "<unk>") + field(3, 2)) +
                            field(1, field(1, "<s>") + field(3, 3)) +
                            field(1, field(1, "</s>") + field(3, 3)) +
                            field(1, field(1, "a") + field(3, 1)) + field(2, "") + field(3, "");
  EXPECT_EQ(thrown_message<Error>([&] { Tokenizer::from_serialized(model, "m.model"); }),
            "m.model: ids of pad, bos, eos, unknown: got -1, 1, 2, 0, expected 0, 1, 2, 3; train "
            "it with 'penalmt "
            "tokenizer train'");
}

TEST(Tokenizer, RefusesIdsOutsideTheVocabulary) {
  const Tokenizer tokenizer = small_tokenizer();
  for (const int id : {-1, 150}) {
    EXPECT_EQ(thrown_message<Error>([&] {
                tokenizer.decode(std::vector<int>{5, id});
              }),
              "piece id: got " + std::to_string(id) + ", expected 0 to 149");
  }
}

}  // namespace penalmt::sentencepiece_test
