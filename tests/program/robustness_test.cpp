// What no user should meet: closed streams, endless nesting, threads that cannot be made, files
// that shrink, names that a terminal would obey.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "base/files.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// The outcome of a command of the shell, in which $P is the program; `folder` is where it runs.
Outcome shell(const TemporaryFolder& folder, const std::string& command) {
  write_file(folder / "run.sh", "cd '" + folder.path().string() + "'\nP='" PENALMT_PROGRAM "'\n{ " +
                                    command + "; } >out.txt 2>err.txt\n");
  Outcome outcome;
  const int status = std::system(("bash '" + (folder / "run.sh").string() + "'").c_str());
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.output = read_file(folder / "out.txt");
  outcome.errors = read_file(folder / "err.txt");
  return outcome;
}

void expect_refusal(const Outcome& outcome, int status, const std::string& message) {
  EXPECT_EQ(outcome.status, status);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.errors, "penalmt: " + message + "\n");
}

std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

// ---- closed streams

TEST(ClosedStreams, AreAnErrorOnlyWhereTheyAreNeeded) {
  const TemporaryFolder folder;
  write_file(
      folder / "t.model",
      Tokenizer::train(tiny_text(), {.vocabulary = 80, .exact_vocabulary = false}).serialized());
  write_file(folder / "in.txt", "a red circle .\n");
  const std::string encode = "$P tokenizer encode --model t.model ";
  const std::string expected = shell(folder, encode + "--input in.txt").output;
  expect_refusal(shell(folder, encode + "--input in.txt >&-"), 1,
                 "standard output: cannot write: it is closed");
  expect_refusal(shell(folder, "$P --help >&-"), 1, "standard output: cannot write: it is closed");
  expect_refusal(shell(folder, encode + "<&-"), 1, "standard input: cannot read: it is closed");
  EXPECT_EQ(shell(folder, encode + "--input in.txt --output out.en <&- >&- 2>&-").status, 0);
  EXPECT_EQ(read_file(folder / "out.en"), expected);
  // What is said where standard error is closed lands in no file.
  EXPECT_EQ(shell(folder,
                  "$P tokenizer train --input in.txt --output new.model --vocabulary 30 "
                  "--exact-vocabulary false 2>&-")
                .status,
            0);
  EXPECT_NO_THROW(Tokenizer::open(folder / "new.model"));
}

TEST(ClosedStreams, AreAnErrorInTheEngineToo) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run");  // its heads are the engine's
  write_file(folder / "in.txt", "a red circle .\n");
  expect_refusal(shell(folder, "$P translate run --input in.txt >&-"), 1,
                 "standard output: cannot write: it is closed");
  expect_refusal(shell(folder, "$P translate run <&-"), 1,
                 "standard input: cannot read: it is closed");
  const std::string expected = shell(folder, "$P translate run --input in.txt").output;
  EXPECT_EQ(shell(folder, "$P translate run --input in.txt --output out.de <&- >&- 2>&-").status,
            0);
  EXPECT_EQ(read_file(folder / "out.de"), expected);
}

// ---- nesting

TEST(DeepJson, IsRefusedByEveryCommand) {
  const TemporaryFolder folder;
  const std::string deep = nested(200'000);
  make_tiny_run(folder / "run", {.heads = 1});
  write_file(folder / "lines.jsonl", "{\"source\": \"a\", \"id\": " + deep + "}\n");
  expect_refusal(shell(folder, "$P translate run --json --json-input --input lines.jsonl"), 2,
                 "lines.jsonl:1:122: nested deeper than 100 levels");
  write_file(folder / "recipe.json", "{\"data\": " + deep + "}");
  expect_refusal(shell(folder, "$P train recipe.json --out new"), 2,
                 "recipe.json:1:109: nested deeper than 100 levels");
  fs::create_directories(folder / "curves");
  write_file(folder / "curves/metrics.jsonl", "{\"update\": 1}\n");
  write_file(folder / "curves/recipe.json", deep);
  expect_refusal(shell(folder, "$P compare curves"), 2,
                 "curves/recipe.json: nested deeper than 100 levels, at byte 101");
  write_file(folder / "curves/metrics.jsonl", "{\"update\": " + deep + "}\n");
  expect_refusal(shell(folder, "$P compare curves"), 2,
                 "curves/metrics.jsonl:1: nested deeper than 100 levels, at byte 111");
  write_file(folder / "run/best/model.json", "{\"model\": " + deep + "}");
  expect_refusal(shell(folder, "$P translate run --input lines.jsonl"), 2,
                 "run/best/model.json:1:110: nested deeper than 100 levels");
}

TEST(DeepJson, IsRefusedInWeights) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run", {.heads = 1});
  const std::string header = "{\"a\": " + nested(100'000) + "}";
  const uint64_t length = header.size();
  write_file(folder / "run/best/model.safetensors",
             std::string(reinterpret_cast<const char*>(&length), 8) + header);
  expect_refusal(shell(folder, "echo a | $P translate run"), 2,
                 "run/best/model.safetensors: header: nested deeper than 100 levels, at byte 106");
}

// ---- numbers and bytes

TEST(Numbers, OfOptionsAreDecimal) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run", {.heads = 1});
  for (const std::string wrong : {"010", "0x10", "1e3", "nan", "5000"})
    expect_refusal(
        shell(folder, "$P translate run --beam='" + wrong + "' </dev/null"), 2,
        "translate: --beam: got '" + wrong + "', expected a whole number from 1 to 1000");
  for (const std::string wrong : {"nan", "inf", "0x1", "11"})
    expect_refusal(
        shell(folder, "$P translate run --length-penalty " + wrong + " </dev/null"), 2,
        "translate: --length-penalty: got '" + wrong + "', expected a number from -10 to 10");
  expect_refusal(shell(folder, "$P shapes --out new --seed 010"), 2,
                 "shapes: --seed: got '010', expected a whole number from 0 to 2^64 - 1");
}

TEST(Numbers, OfAnIdComeBackByteForByte) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run", {.heads = 1});
  write_file(folder / "in.jsonl",
             "{\"source\": \"a red circle .\", \"id\": 123456789012345678901234567890}\n"
             "{\"id\": {\"n\": 1.10, \"m\": [1e2, -0]}, \"source\": \"\"}\n");
  const Outcome outcome = shell(folder, "$P translate run --json --json-input --input in.jsonl");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(
      outcome.output.find("{\"source\":\"a red circle .\",\"id\":123456789012345678901234567890,"
                          "\"translation\":"),
      0u)
      << outcome.output;
  EXPECT_NE(outcome.output.find("\n{\"source\":\"\",\"id\":{\"n\": 1.10, \"m\": [1e2, -0]},"),
            std::string::npos)
      << outcome.output;
}

TEST(Bytes, ThatAreNoUtf8AreRefusedInWords) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run", {.heads = 1});
  expect_refusal(shell(folder, "$P translate run --json $'caf\\xe9'"), 2,
                 "the sentence: invalid UTF-8 at byte 4");
  write_file(folder / "recipe.json", "{}");
  expect_refusal(shell(folder, "$P train recipe.json --out new --set $'data.folder=\\xe9'"), 2,
                 "set: data.folder: invalid UTF-8");
}

TEST(Names, AreShownWithoutTheirControlCharacters) {
  const TemporaryFolder folder;
  expect_refusal(
      shell(folder, "$P translate $'no\\nsuch\\e[31m\\xff'"), 2,
      "no\\nsuch\\x1b[31m\\xff: no such folder; expected a run folder or a checkpoint folder");
}

TEST(Curves, WithExtremeLossesAreDrawnAtOnce) {
  const TemporaryFolder folder;
  const Outcome outcome = shell(folder, "timeout 20 $P compare '" PENALMT_SOURCE
                                        "/tests/golden/diverged_run' --html page.html");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_LT(fs::file_size(folder / "page.html"), 100'000u);
}

// ---- threads

TEST(Threads, ThatCannotBeMadeAreGoneWithout) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run");  // its heads are the engine's
  std::string lines, references;
  for (int i = 0; i < 300; ++i) {
    lines += tiny_text()[i % 10] + "\n";
    references += tiny_text()[i % 7] + "\n";
  }
  write_file(folder / "a.de", lines);
  write_file(folder / "b.de", references);
  const std::string evaluate =
      "$P evaluate --hypotheses a.de --references b.de --metrics bleu chrf --confidence "
      "--confidence-n 1000 --threads ";
  const std::string expected = shell(folder, evaluate + "1").output;
  const Outcome few = shell(folder, "ulimit -v 400000; " + evaluate + "300");
  EXPECT_EQ(few.status, 0) << few.errors;
  EXPECT_EQ(few.output, expected);

  const std::string translate = "$P translate run --input a.de --batch-tokens 8 --threads ";
  const std::string translations = shell(folder, translate + "1").output;
  const Outcome engine = shell(folder, "ulimit -v 3000000; " + translate + "400");
  EXPECT_EQ(engine.status, 0) << engine.errors;
  EXPECT_EQ(engine.output, translations);
}

// A user who may read everything, so that the program is found wherever it lies. Its number is this
// process's own: a limit counts a user's processes wherever they run.
std::string as_another_user() {
  const int number = 20000 + getpid() % 40000;
  return fmt::format(
      "setpriv --reuid={0} --regid={0} --clear-groups --inh-caps=+dac_read_search "
      "--ambient-caps=+dac_read_search ",
      number);
}

TEST(Threads, OfAUserWithoutMoreProcessesAreGoneWithout) {
  if (geteuid() != 0 || std::system("setpriv --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "only root can become a user without other processes, by setpriv";
  const TemporaryFolder folder;
  make_tiny_run(folder / "run", {.heads = 1});
  write_file(folder / "in.en", "a red circle .\ntwo blue squares .\n");
  const std::string translate = " translate run --input in.en --batch-tokens 1 --threads 8";
  const std::string expected = shell(folder, "$P" + translate).output;
  const Outcome outcome = shell(
      folder, as_another_user() + "bash -c 'ulimit -u 1; exec \"$0-engine\"" + translate + "' $P");
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, expected);
}

// Where a process of several gets no thread, all end in words.
TEST(Threads, ThatProcessesLackEndThemInWords) {
  if (geteuid() != 0 || std::system("setpriv --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "only root can become a user without other processes, by setpriv";
  const TemporaryFolder folder;
  shell(folder, "$P shapes --out corpus --train 60 --val 6 --test 6 --size 16");
  fs::permissions(folder.path(), fs::perms::all);
  const std::string train =
      "train '" PENALMT_SOURCE
      "/recipes/shapes/gated.json' --set data.folder=corpus --set training.updates=2 --set "
      "training.warmup=1 --set training.accumulate=3 --device cpu --threads 1 --processes 3";
  for (const int processes : {1, 3, 5, 7}) {
    const std::string run = "run" + std::to_string(processes);
    const Outcome outcome =
        shell(folder, as_another_user() + "bash -c 'ulimit -u " + std::to_string(processes) +
                          "; exec \"$0-engine\" " + train + " --out " + run + "' $P");
    EXPECT_TRUE(outcome.status == 0 || outcome.status == 1) << processes << outcome.errors;
    EXPECT_EQ(outcome.errors.find("terminate"), std::string::npos) << outcome.errors;
    if (outcome.status == 0) continue;
    const size_t last = outcome.errors.rfind('\n', outcome.errors.size() - 2) + 1;
    EXPECT_EQ(outcome.errors.compare(last, 9, "penalmt: "), 0) << outcome.errors;
  }
}

// Threads that fit when they are tried out must not take the memory that the work needs.
TEST(Threads, OfTrainingLeaveTheMemoryToTheWork) {
  const TemporaryFolder folder;
  shell(folder, "$P shapes --out corpus --train 60 --val 6 --test 6 --size 16");
  const std::string train =
      "$P train '" PENALMT_SOURCE
      "/recipes/shapes/gated.json' --set data.folder=corpus --set training.updates=3 --set "
      "training.warmup=1 --set training.precision=float32 --device cpu --threads 200 --out run";
  for (const std::string kilobytes : {"2500000", "4000000"}) {
    const Outcome outcome =
        shell(folder, "rm -rf run; ulimit -v " + kilobytes + "; " + train + kilobytes);
    EXPECT_EQ(outcome.status, 0) << kilobytes << ": " << outcome.errors;
    EXPECT_EQ(outcome.errors.find("libgomp"), std::string::npos) << outcome.errors;
  }
}

TEST(Threads, OfTheTokenizerAreAsManyAsThereAre) {
  if (geteuid() != 0 || std::system("setpriv --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "only root can become a user without other processes, by setpriv";
  const TemporaryFolder folder;
  std::string text;
  for (const std::string& line : tiny_text()) text += line + "\n";
  write_file(folder / "text", text);
  fs::permissions(folder.path(), fs::perms::all);
  const auto train = [&](const std::string& kind, int processes) {
    return shell(folder, as_another_user() + "bash -c 'ulimit -u " + std::to_string(processes) +
                             "; exec \"$0-engine\" tokenizer train --input text --output new." +
                             kind + " --kind " + kind +
                             " --vocabulary 60 --exact-vocabulary false' $P");
  };
  for (const std::string kind : {"bpe", "unigram"}) {
    const Outcome two = train(kind, 2);
    EXPECT_EQ(two.status, 0) << two.errors;
    EXPECT_EQ(two.errors.substr(0, two.errors.find('\n')),
              "penalmt: the system has no 17 threads to give; going on with 1");
  }
  const Outcome one = train("unigram", 1);
  EXPECT_EQ(one.status, 1);
  EXPECT_EQ(one.errors,
            "penalmt: the system has no 17 threads to give; going on with 1\n"
            "penalmt: tokenizer: cannot train: the system has no thread to give, expected one\n");
}

// oneDNN's words for it help nobody. (What it does at the very edge is its own affair.)
TEST(Memory, ThatOneDnnLacksIsCalledSo) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run");  // its heads are the engine's
  for (const std::string kilobytes : {"620000", "660000", "700000", "760000"}) {
    const Outcome outcome = shell(
        folder, "ulimit -v " + kilobytes + "; $P translate run --threads 16 'a red circle .'");
    EXPECT_EQ(outcome.errors.find("primitive"), std::string::npos) << outcome.errors;
    EXPECT_EQ(outcome.errors.find("internal error"), std::string::npos) << outcome.errors;
  }
}

// ---- folders that ask for more than they hold

TEST(ModelFolder, MayNotAskForMoreThanItsWeights) {
  const TemporaryFolder folder;
  make_tiny_run(folder / "run", {.heads = 1});
  std::string description = read_file(folder / "run/best/model.json");
  const std::size_t at = description.find("\"width\": 16");
  description.replace(at, 11, "\"width\": 8192");
  write_file(folder / "run/best/model.json", description);
  const Outcome outcome = shell(folder, "echo a | $P translate run");
  EXPECT_EQ(outcome.status, 2);
  const std::string begin = "penalmt: run/best/model.json: describes a network of at least 80";
  EXPECT_EQ(outcome.errors.substr(0, begin.size()), begin);
  EXPECT_TRUE(outcome.errors.ends_with("; is it another model's?\n")) << outcome.errors;
}

// tests/golden/hostile_encoders.py: it makes a file where it runs.
TEST(ModelFolder, MayNotCarryAnEncoderThatDoesMoreThanEncode) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "images");
  fs::copy_file(PENALMT_SOURCE "/tests/golden/vision/wide.png", folder / "images/wide.png");
  const std::string encoder = PENALMT_SOURCE "/tests/golden/hostile/writes";
  const std::string features = "$P features images --out store.npy --encoder '" + encoder + "'";
  expect_refusal(shell(folder, features), 2,
                 encoder +
                     "/encoder.pt: its code calls aten::from_file, as no image network does; it "
                     "could do anything in your name; if you trust who made it, let all "
                     "scripts be trusted (trust_encoder)");
  EXPECT_FALSE(fs::exists(folder / "penalmt-was-here"));
  const Outcome trusted = shell(folder, features + " --trust-encoder");
  EXPECT_EQ(trusted.status, 0) << trusted.errors;
  EXPECT_TRUE(fs::exists(folder / "penalmt-was-here"));
}

}  // namespace
}  // namespace penalmt
