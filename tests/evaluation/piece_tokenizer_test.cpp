#include "evaluation/piece_tokenizer.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "evaluation/bleu.h"
#include "evaluation/unicode.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/evaluation/golden_scores.h"

namespace penalmt::piece_tokenizer_test {

constexpr const char* kModel = PENALMT_SOURCE "/tests/golden/pieces.model";

// The answers of tests/golden/pieces.py.
const nlohmann::json& golden() {
  static const auto json =
      nlohmann::json::parse(read_file(PENALMT_SOURCE "/tests/golden/pieces.json"));
  return json;
}

TEST(PieceTokenizer, GivesSacrebleusPieces) {
  const PieceTokenizer pieces("flores101", kModel);
  for (const auto& expected : golden().at("tokens")) {
    const std::string line = expected.at("line");
    EXPECT_EQ(pieces.tokenize(trim_end(line)), expected.at("pieces").get<std::string>()) << line;
  }
}

// With the model where sacreBLEU keeps its own, so that names and signatures are its too.
TEST(PieceTokenizer, BleuIsSacrebleus) {
  using Texts = std::vector<std::string>;
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "models");
  for (const char* name : {"sacrebleu_tokenizer_spm.model", "flores200sacrebleuspm"})
    write_file(folder / "models" / name, read_file(kModel));
  setenv("SACREBLEU", folder.path().c_str(), 1);
  const auto hypotheses = golden().at("hypotheses").get<Texts>();
  const References references(golden().at("references").get<std::vector<Texts>>());
  for (const auto& expected : golden().at("scores")) {
    const auto& options = expected.at("options");
    const Bleu bleu({.tokenizer = options.at("tokenize"),
                     .lowercase = options.value("lowercase", false),
                     .smooth_method = options.value("smooth_method", "exp")},
                    references);
    const Statistics rows = bleu.statistics(hypotheses);
    const MetricScore score = bleu.score(rows.sum());
    EXPECT_EQ(score.score, expected.at("score").get<double>()) << options;
    EXPECT_EQ(score_line(score, 2), with_our_version(expected.at("line"))) << options;
    for (std::size_t i = 0; i < hypotheses.size(); ++i)
      EXPECT_EQ(bleu.sentence_score(rows.row(i)).score,
                expected.at("sentences").at(i).get<double>())
          << options << " " << i;
  }
  unsetenv("SACREBLEU");
}

TEST(PieceTokenizer, AModelOfOnesOwnIsNotCalledAsAnothers) {
  EXPECT_EQ(PieceTokenizer("flores200", kModel).name(), "flores200");
  EXPECT_EQ(PieceTokenizer("spm", kModel).name().substr(0, 4), "spm-");
  EXPECT_EQ(PieceTokenizer("spm", kModel).name().size(), 12u);
}

TEST(PieceTokenizer, RefusalsNameWhatWasExpected) {
  setenv("SACREBLEU", "/none", 1);
  expect_error([] { make_score_tokenizer("flores200"); },
               "tokenize: flores200 needs the SentencePiece model that sacreBLEU fetches; it is "
               "not at /none/models/flores200sacrebleuspm; name the file, or fetch it with "
               "sacreBLEU");
  unsetenv("SACREBLEU");
  expect_error([] { make_score_tokenizer("13a", kModel); },
               std::string("tokenize: 13a takes no model; got ") + kModel);
  const std::string text = PENALMT_SOURCE "/tests/golden/pieces.json";
  expect_error([&] { make_score_tokenizer("spm", text); },
               text + ": not a SentencePiece model, or a damaged one");
  for (const std::string name : {"ja-mecab", "ko-mecab"})
    expect_error([&] { make_score_tokenizer(name); },
                 "tokenize: " + name +
                     " needs MeCab and a dictionary, which penalmt does not have; cut both texts "
                     "into words with MeCab and take none, or take flores200 or char");
}

}  // namespace penalmt::piece_tokenizer_test
