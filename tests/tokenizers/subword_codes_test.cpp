// Codes of subword-nmt: its own pieces (tests/golden/subword_codes.py), and tokenizers made of
// them.
#include "tokenizers/subword_codes.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "tests/base/temporary_folder.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt::subword_codes_test {

using Pieces = std::vector<std::string>;

const std::string kGolden = PENALMT_SOURCE "/tests/golden/subword_codes/";

SubwordCodes codes_of(const std::string& file) {
  return SubwordCodes(read_file(kGolden + file), file);
}

nlohmann::json golden_pieces() {
  return parse_json<nlohmann::json>(read_file(kGolden + "pieces.json"), "pieces.json");
}

TEST(SubwordCodes, CutLinesAsSubwordNmtDoes) {
  const nlohmann::json golden = golden_pieces();
  const auto lines = golden.at("lines").get<Pieces>();
  for (const auto& [file, version] : {std::pair("codes", "0.2"), {"codes-0.1", "0.1"}}) {
    const SubwordCodes codes = codes_of(file);
    for (std::size_t i = 0; i < lines.size(); ++i)
      EXPECT_EQ(codes.pieces(lines[i]), golden.at(version)[i].get<Pieces>()) << lines[i];
  }
}

TEST(SubwordCodes, GiveTheLineBack) {
  const SubwordCodes codes = codes_of("codes");
  for (const std::string line : {"zwei männer und drei frauen", "Quagga 42 %", "a", ""})
    EXPECT_EQ(SubwordCodes::join(codes.pieces(line)), line);
  EXPECT_EQ(SubwordCodes::join({"low@@", "er", "s@@"}), "lower s");  // cut off in a word
}

TEST(SubwordCodes, LeaveMergesOutWhereTheyAreDropped) {
  const SubwordCodes codes = codes_of("codes");
  EXPECT_EQ(codes.pieces("rennt er", [] { return true; }),
            (Pieces{"r@@", "e@@", "n@@", "n@@", "t", "e@@", "r"}));
  EXPECT_EQ(codes.pieces("rennt er", [] { return false; }), (Pieces{"rennt", "er"}));
}

TEST(SubwordCodes, RefuseWhatIsNoMerge) {
  const auto refusal = [](const std::string& bytes) {
    return thrown_message<Error>([&] { SubwordCodes(bytes, "codes"); });
  };
  EXPECT_EQ(refusal("#version: 0.2\na b\na b c\n"),
            "codes:3: got 'a b c', expected two pieces to merge");
  EXPECT_EQ(refusal("#version: 0.2\nab\n"), "codes:2: got 'ab', expected two pieces to merge");
  EXPECT_EQ(refusal("#version: 0.3\na b\n"),
            "codes:1: got '#version: 0.3', expected '#version: 0.2' or 0.1");
  EXPECT_EQ(refusal("#version: 0.2\n"), "codes: no merges; expected subword-nmt's codes");
  EXPECT_EQ(refusal("#version: 0.2\n\xff b\n"),
            "codes: invalid UTF-8; expected subword-nmt's codes");
  // Carriage returns and empty lines are none of their business.
  EXPECT_EQ(SubwordCodes("#version: 0.2\r\na b</w>\r\n\r\n", "codes").pieces("ab"), Pieces{"ab"});
}

TEST(TokenizerOfCodes, HasThePiecesOfItsTextFromTheMostFrequentOn) {
  const Pieces lines = {"er rennt er", "rennt er </s>", "das"};
  const Tokenizer tokenizer = Tokenizer::adopt(kGolden + "codes", lines);
  EXPECT_EQ(tokenizer.vocabulary_size(), 4 + 7);
  EXPECT_EQ(tokenizer.piece(2), "</s>");
  EXPECT_EQ(tokenizer.piece(4), "er");
  EXPECT_EQ(tokenizer.piece(5), "rennt");
  EXPECT_EQ(tokenizer.encode("er rennt"), (std::vector<int>{4, 5}));
  EXPECT_EQ(tokenizer.decode(std::vector<int>{4, 5, 2}), "er rennt");
  for (const std::string& line : lines) EXPECT_EQ(tokenizer.decode(tokenizer.encode(line)), line);
  EXPECT_EQ(tokenizer.encode("Q"), std::vector<int>{kUnknown});
  EXPECT_EQ(tokenizer.decode(std::vector<int>{4, kUnknown, 5}), "er rennt");
}

TEST(TokenizerOfCodes, IsOneFile) {
  const TemporaryFolder folder;
  const Tokenizer tokenizer = Tokenizer::adopt(kGolden + "codes", {"zwei männer", "das"});
  write_file(folder / "tokenizer.model", tokenizer.serialized());
  const Tokenizer opened = Tokenizer::open(folder / "tokenizer.model");
  EXPECT_EQ(opened.serialized(), tokenizer.serialized());
  EXPECT_EQ(opened.vocabulary_size(), tokenizer.vocabulary_size());
  EXPECT_EQ(opened.encode("das zwei"), tokenizer.encode("das zwei"));
  // Adopted again it stays as it is, whatever the text.
  EXPECT_EQ(Tokenizer::adopt(folder / "tokenizer.model", {"er"}).serialized(),
            tokenizer.serialized());
  EXPECT_EQ(thrown_message<Error>([&] { Tokenizer::open(kGolden + "codes"); }),
            kGolden +
                "codes: codes of subword-nmt, without a vocabulary; a recipe's tokenizer.files "
                "takes them");
  EXPECT_EQ(thrown_message<Error>([&] {
              Tokenizer::adopt(kGolden + "codes", {"", " "});
            }),
            kGolden + "codes: the training text gives no pieces");
}

TEST(TokenizerOfCodes, MarksWordsAsSentencePieceDoes) {
  const Tokenizer tokenizer = Tokenizer::adopt(kGolden + "codes", {"zwei er das"});
  EXPECT_EQ(tokenizer.pieces("zwei er"), (Pieces{"z@@", "w@@", "e@@", "i", "er"}));
  std::vector<int> ids = tokenizer.encode("zwei er");
  ids.push_back(kEos);
  EXPECT_EQ(tokenizer.marked_pieces(ids), (Pieces{"▁z", "w", "e", "i", "▁er", "</s>"}));
  EXPECT_EQ(tokenizer.marked_pieces({kUnknown, ids[4]}), (Pieces{"<unk>", "▁er"}));
}

TEST(TokenizerOfCodes, DrawsTheSameCutsForTheSameSeed) {
  const Pieces lines(20, "rennt");
  const Tokenizer tokenizer =
      Tokenizer::adopt(kGolden + "codes", {"rennt r e n t re nn nt en renn ennt"});
  const auto drawn = tokenizer.sample(lines, 0.3, 5);
  EXPECT_EQ(tokenizer.sample(lines, 0.3, 5), drawn);
  EXPECT_NE(tokenizer.sample(lines, 0.3, 6), drawn);
  EXPECT_NE(std::vector(lines.size(), drawn[0]), drawn);
  EXPECT_EQ(tokenizer.sample({"rennt"}, 0, 5)[0], tokenizer.encode("rennt"));
}

}  // namespace penalmt::subword_codes_test
