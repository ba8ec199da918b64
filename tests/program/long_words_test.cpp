// Lines that SentencePiece would never finish: refused or cut before it sees them, in every
// command.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

const std::string kLong(400'000, '#');  // no piece of the tokenizer's
const std::string kWord = "a word of 400000 characters, expected at most 30000";
const std::string kCut = "; split the line, or give --long-lines cut\n";

class LongWords : public testing::Test {
 protected:
  LongWords() {
    make_tiny_run(folder_ / "run", {.heads = 1});
    write_file(path("in.en"), "a red circle .\n" + kLong + "\n");
    write_file(path("in.de"), "ein roter kreis .\nein hund rennt .\n");
    write_file(path("plain.en"), "a red circle .\ntwo blue squares .\n");
    write_file(path("long.de"), "ein roter kreis .\n" + kLong + "\n");
  }
  std::string path(const std::string& name) const { return folder_ / name; }
  void expect_refused(const std::vector<std::string>& arguments, const std::string& message,
                      const std::string& input = "") {
    const Outcome outcome = run_penalmt(arguments, input);
    EXPECT_EQ(outcome.status, 2) << arguments.front();
    EXPECT_EQ(folder_.without_path(outcome.errors), "penalmt: " + message) << arguments.front();
  }

  TemporaryFolder folder_;
};

TEST_F(LongWords, AreRefusedWithTheirLine) {
  const std::string run = path("run"), de = path("in.de");
  expect_refused({"translate", run, "--input", path("in.en")}, "in.en:2: " + kWord + kCut);
  expect_refused({"translate", run, "--json-input"}, "standard input:1: " + kWord + kCut,
                 "{\"source\": \"" + kLong + "\"}\n");
  expect_refused({"score", run, "--source", path("in.en"), "--target", de},
                 "in.en:2: " + kWord + kCut);
  expect_refused({"score", run, "--source", path("plain.en"), "--target", path("long.de")},
                 "long.de:2: " + kWord + kCut);
  expect_refused({"probe", run, "--source", path("in.en"), "--references", de},
                 "in.en:2: " + kWord + kCut);
  expect_refused({"chain", run, "--source", path("plain.en"), "--references", path("long.de")},
                 "long.de:2: " + kWord + kCut);
  expect_refused({"tokenizer", "encode", "--model", path("run/tokenizer.model"), "--input",
                  path("in.en"), "--output", path("out")},
                 "out.partial: holds the results of lines 1 to 1\n"
                 "penalmt: in.en:2: got " +
                     kWord + "; is it text?\n");
  expect_refused({"tokenizer", "train", "--input", path("in.en"), "--output", path("out")},
                 "in.en:2: got " + kWord + "; is it text?\n");
}

TEST_F(LongWords, AreRefusedInTrainingTextWithTheirFile) {
  for (const bool valid : {false, true}) {
    const std::string train = path(valid ? "plain.en" : "in.en");
    write_file(path("recipe.json"), "{\"data\": {\"layout\": \"files\", \"train_source\": \"" +
                                        train + "\", \"train_target\": \"" + path("in.de") +
                                        "\", \"valid_source\": \"" + path("in.en") +
                                        "\", \"valid_target\": \"" + path("in.de") + "\"}}");
    expect_refused({"train", path("recipe.json"), "--out", path("new")},
                   "in.en:2: got " + kWord + "; is it text?\n");
  }
}

TEST_F(LongWords, AreCutWhereThatIsAskedFor) {
  const std::string run = path("run"), de = path("in.de");
  const auto warning = [](const std::string& file) {
    return "penalmt: warning: " + file +
           ": 1 of 2 lines were longer than --max-source-length, 512 pieces, and were cut; the "
           "first is line 2\n";
  };
  const auto cut = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--long-lines", "cut"});
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return folder_.without_path(outcome.errors);
  };
  EXPECT_NE(cut({"translate", run, "--input", path("in.en")}).find(warning("in.en")),
            std::string::npos);
  const std::string scored =
      cut({"score", run, "--source", path("in.en"), "--target", path("long.de")});
  EXPECT_NE(scored.find(warning("in.en")), std::string::npos) << scored;
  EXPECT_NE(scored.find(warning("long.de")), std::string::npos) << scored;
  const std::string measured = cut({"chain", run, "--source", path("in.en"), "--references", de});
  EXPECT_NE(measured.find(warning("in.en")), std::string::npos) << measured;
  const std::string probed = cut({"probe", run, "--source", path("in.en"), "--references", de});
  EXPECT_NE(probed.find(warning("in.en")), std::string::npos) << probed;
}

TEST_F(LongWords, OfAllPiecesAreBoundInEveryCommand) {
  std::string many;
  for (int i = 0; i < 600; ++i) many += "a ";
  many += "\n";
  write_file(path("many.en"), many);
  write_file(path("one.de"), "ein hund .\n");
  const std::string end =
      ": a sentence of 601 pieces, expected at most 512; split the line, or give --long-lines cut, "
      "or a higher --max-source-length\n";
  const std::string run = path("run");
  for (const char* command : {"probe", "chain"}) {
    expect_refused({command, run, "--source", path("many.en"), "--references", path("one.de")},
                   "many.en:1" + end);
    expect_refused({command, run, "--source", path("one.de"), "--references", path("many.en")},
                   "many.en:1" + end);
  }
  expect_refused({"score", run, "--source", path("one.de"), "--target", path("many.en")},
                 "many.en:1" + end);
}

TEST_F(LongWords, OfASentenceAreRefusedAtOnceAndASignalIsHeard) {
  expect_refused({"translate", path("run"), std::string(100'000, '#')},
                 "the sentence: a word of 100000 characters, expected at most 30000" + kCut);
  // 300 such lines, which each take a moment.
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += std::string(29'000, '#') + "\n";
  write_file(path("slow.en"), lines);
  const Outcome outcome = signal_penalmt(
      {"tokenizer", "encode", "--model", path("run/tokenizer.model"), "--input", path("slow.en")},
      path("slow.en"), {SIGTERM}, [] { ::usleep(700'000); });  // it is at work then
  EXPECT_EQ(outcome.status, 130);
  EXPECT_EQ(outcome.errors, "penalmt: interrupted\n");
}

TEST_F(LongWords, OfNulBytesAreNoText) {
  const std::string nul("ab\0c\n", 5);
  write_file(path("nul.en"), "a red circle .\n" + nul);
  const std::string end =
      "a NUL byte at byte 3; no text has one; where it is UTF-16, iconv -f UTF-16 -t UTF-8 makes "
      "UTF-8 of it\n";
  const std::string run = path("run");
  expect_refused({"translate", run, "--input", path("nul.en")}, "nul.en:2: " + end);
  expect_refused({"translate", run}, "standard input:1: " + end, nul);
  expect_refused({"translate", run, "--json-input"}, "standard input:1: " + end,
                 "{\"source\": \"ab\\u0000c\"}\n");
  expect_refused({"score", run, "--source", path("nul.en"), "--target", path("in.de")},
                 "nul.en:2: " + end);
  expect_refused({"tokenizer", "train", "--input", path("nul.en"), "--output", path("out")},
                 "nul.en:2: " + end);
}

}  // namespace
}  // namespace penalmt
