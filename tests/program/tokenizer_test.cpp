// penalmt tokenizer train|encode|decode, from files and pipes.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/config.h"
#include "base/files.h"
#include "harness.h"
#include "tests/base/temporary_folder.h"

namespace penalmt {
namespace {

// A folder with text.txt, the corpus of the golden answers.
class TokenizerCommand : public testing::Test {
 protected:
  TokenizerCommand() {
    const auto golden =
        config::parse_file(std::filesystem::path(PENALMT_SOURCE) / "tests/golden/tokenizer.json");
    for (const std::string line : golden["corpus"]) text_ += line + "\n";
    write_file(folder_ / "text.txt", text_);
  }
  Outcome train(const std::string& model, const std::string& kind = "bpe",
                const std::string& vocabulary = "150") {
    return run_penalmt({"tokenizer", "train", "--input", folder_ / "text.txt", "--output",
                        folder_ / model, "--kind", kind, "--vocabulary", vocabulary});
  }
  std::string errors_of(const std::vector<std::string>& arguments, const std::string& input = "") {
    const Outcome outcome = run_penalmt(arguments, input);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return folder_.without_path(outcome.errors);
  }

  TemporaryFolder folder_;
  std::string text_;
};

TEST_F(TokenizerCommand, TrainsAModelAndSaysSo) {
  const Outcome outcome = train("m.model");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(folder_.without_path(outcome.errors),
            "penalmt: m.model: 150 pieces from " +
                std::to_string(std::count(text_.begin(), text_.end(), '\n')) + " lines\n");
}

TEST_F(TokenizerCommand, GivesBackWhatItSplit) {
  train("m.model");
  const std::string model = folder_ / "m.model";
  for (const std::vector<std::string>& form : {std::vector<std::string>{}, {"--ids"}}) {
    std::vector<std::string> encode = {"tokenizer", "encode", "--model", model},
                             decode = {"tokenizer", "decode", "--model", model};
    encode.insert(encode.end(), form.begin(), form.end());
    decode.insert(decode.end(), form.begin(), form.end());
    const std::string text = "a man is walking .\n\n  zwei  männer \nno newline";
    const Outcome encoded = run_penalmt(encode, text);
    EXPECT_EQ(encoded.status, 0);
    EXPECT_EQ(encoded.errors, "");
    EXPECT_EQ(std::count(encoded.output.begin(), encoded.output.end(), '\n'), 4);
    const Outcome decoded = run_penalmt(decode, encoded.output);
    EXPECT_EQ(decoded.status, 0);
    EXPECT_EQ(decoded.output, text + "\n");
  }
}

TEST_F(TokenizerCommand, WritesTheSameToAFileAsToAPipe) {
  train("m.model");
  const std::string model = folder_ / "m.model", input = folder_ / "text.txt",
                    output = folder_ / "pieces.txt";
  const Outcome piped = run_penalmt({"tokenizer", "encode", "--model", model}, text_);
  const Outcome filed =
      run_penalmt({"tokenizer", "encode", "--model", model, "--input", input, "--output", output});
  EXPECT_EQ(filed.status, 0);
  EXPECT_EQ(filed.output, "");
  EXPECT_EQ(read_file(output), piped.output);
}

TEST_F(TokenizerCommand, AnswersEachLineOfAPipeAtOnceAndEndsAtCtrlC) {
  train("m.model");
  const std::string model = folder_ / "m.model";
  const Outcome outcome = interrupt_penalmt({"tokenizer", "encode", "--model", model}, "a man\n");
  EXPECT_EQ(outcome.output,
            run_penalmt({"tokenizer", "encode", "--model", model}, "a man\n").output);
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.errors, "penalmt: interrupted\n");
}

TEST_F(TokenizerCommand, CallsAFullDiskTheMachinesFault) {
  if (!std::filesystem::is_character_file("/dev/full"))
    GTEST_SKIP() << "this machine has no /dev/full";
  train("m.model");
  const Outcome outcome = run_penalmt(
      {"tokenizer", "encode", "--model", folder_ / "m.model", "--output", "/dev/full"}, "a man\n");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.errors, "penalmt: /dev/full: cannot write: No space left on device\n");
}

TEST_F(TokenizerCommand, SharesOneVocabularyBetweenSeveralFiles) {
  write_file(folder_ / "a.txt", "aa aa aa\n");
  write_file(folder_ / "b.txt", "bb bb bb\n");
  const std::string model = folder_ / "joint.model";
  const Outcome outcome =
      run_penalmt({"tokenizer", "train", "--input", folder_ / "a.txt", folder_ / "b.txt",
                   "--output", model, "--vocabulary", "50", "--exact-vocabulary", "false"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(run_penalmt({"tokenizer", "encode", "--model", model}, "aa bb\n").output, "▁aa ▁bb\n");
}

TEST_F(TokenizerCommand, TrainsBothKinds) {
  EXPECT_EQ(train("b.model", "bpe", "100").status, 0);
  EXPECT_EQ(train("u.model", "unigram", "70").status, 0);
  EXPECT_NE(read_file(folder_ / "b.model"), read_file(folder_ / "u.model"));
}

TEST_F(TokenizerCommand, RefusesWrongOptionsInOneLine) {
  const std::string text = folder_ / "text.txt", model = folder_ / "m.model";
  const auto training = [&](const std::string& option, const std::string& value) {
    return errors_of({"tokenizer", "train", "--input", text, "--output", model, option, value});
  };
  EXPECT_EQ(training("--vocabulary", "many"),
            "penalmt: tokenizer train: --vocabulary: got \"many\", expected whole number, 5 to "
            "1000000\n");
  EXPECT_EQ(
      training("--vocabulary", "-3"),
      "penalmt: tokenizer train: --vocabulary: got -3, expected whole number, 5 to 1000000\n");
  EXPECT_EQ(training("--kind", "bep"),
            "penalmt: tokenizer train: --kind: got \"bep\", expected one of bpe, unigram; did you "
            "mean 'bpe'?\n");
  EXPECT_EQ(training("--coverage", "2"),
            "penalmt: tokenizer train: --coverage: got 2, expected number, 0.9 to 1\n");
  EXPECT_FALSE(std::filesystem::exists(model));
}

TEST_F(TokenizerCommand, RefusesWrongInputAndKeepsWhatStoodBeforeIt) {
  train("m.model");
  const std::string model = folder_ / "m.model", output = folder_ / "out.txt";
  EXPECT_EQ(errors_of({"tokenizer", "encode", "--model", folder_ / "none.model"}),
            "penalmt: none.model: cannot read: No such file or directory\n");
  EXPECT_EQ(errors_of({"tokenizer", "encode", "--model", folder_ / "text.txt"}),
            "penalmt: text.txt: not a SentencePiece model, or a damaged one\n");
  write_file(folder_ / "bad.txt", "good\nb\xff\n");
  EXPECT_EQ(errors_of({"tokenizer", "encode", "--model", model, "--input", folder_ / "bad.txt",
                       "--output", output}),
            "penalmt: out.txt.partial: holds the results of lines 1 to 1\n"
            "penalmt: bad.txt:2: invalid UTF-8 at byte 2\n");
  EXPECT_FALSE(std::filesystem::exists(output));
  EXPECT_EQ(read_file(output + ".partial"),
            run_penalmt({"tokenizer", "encode", "--model", model}, "good\n").output);
  EXPECT_EQ(run_penalmt({"tokenizer", "decode", "--ids", "--model", model}, "5 6\n5 150\n").errors,
            "penalmt: standard input:2: piece id: got '150', expected 0 to 149\n");
  write_file(folder_ / "ids.txt", "5 6\n5 150\n");
  EXPECT_EQ(errors_of({"tokenizer", "decode", "--ids", "--model", model, "--input",
                       folder_ / "ids.txt", "--output", output}),
            "penalmt: out.txt.partial: holds the results of lines 1 to 1\n"
            "penalmt: ids.txt:2: piece id: got '150', expected 0 to 149\n");
  EXPECT_EQ(errors_of({"tokenizer", "train", "--input", folder_ / "none.txt", "--output", model}),
            "penalmt: none.txt: cannot read: No such file or directory\n");
  EXPECT_EQ(errors_of({"tokenizer", "train", "--input", folder_ / "bad.txt", "--output", model}),
            "penalmt: bad.txt:2: invalid UTF-8 at byte 2\n");
}

}  // namespace
}  // namespace penalmt
