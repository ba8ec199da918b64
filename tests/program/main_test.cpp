// The program's frame: help, misspelt words, exit statuses.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/text.h"
#include "harness.h"
#include "tests/base/shell.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

TEST(Program, SaysWhatItCanDo) {
  for (const char* flag : {"--help", "-h"}) {
    const Outcome outcome = run_penalmt({flag});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.errors, "");
    for (const char* word : {"PenalMT translates a sentence with the help of an image.",
                             "Commands:", "tokenizer", "Examples:"}) {
      EXPECT_NE(outcome.output.find(word), std::string::npos) << word << " in\n" << outcome.output;
    }
  }
}

TEST(Program, ExplainsACommandThatHelpIsAskedFor) {
  for (const char* word : {"help", "--help"})
    EXPECT_EQ(run_penalmt({"help", word}).output, run_penalmt({"--help"}).output);
  EXPECT_EQ(run_penalmt({"help"}).output, run_penalmt({"--help"}).output);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"translate"}, {"evaluate"}, {"tokenizer", "encode"}}) {
    std::vector<std::string> flag = command, word = command;
    flag.emplace_back("--help");
    word.insert(word.begin(), "help");
    const Outcome outcome = run_penalmt(word);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.output, run_penalmt(flag).output);
    EXPECT_NE(outcome.output, "");
  }
}

TEST(Program, HelpIsAsWideAsTheTerminal) {
  for (const char* command : {"compare", "evaluate", "tokenizer"}) {
    std::string words, on_terminal;
    for (const std::string& line : lines_on_terminal(64, {command, "--help"})) {
      const bool is_meaning = line.starts_with(std::string(30, ' '));
      if (is_meaning || !line.starts_with("  ")) EXPECT_LE(line.size(), 64u) << line;
      for (const std::string_view word : split_whitespace(line)) on_terminal.append(word) += ' ';
    }
    const std::string whole = run_penalmt({command, "--help"}).output;
    for (const std::string_view word : split_whitespace(whole)) words.append(word) += ' ';
    EXPECT_EQ(on_terminal, words);
  }
  EXPECT_NE(run_penalmt({"compare", "--help"})
                .output.find("run folders; those that differ in their seed alone share a row, the "
                             "first is the baseline\n"),
            std::string::npos);
}

TEST(Program, FieldsAreThoseThatHoldAWord) {
  const std::string all = run_penalmt({"train", "--fields"}).output;
  const Outcome some = run_penalmt({"train", "--fields", "tau."});
  EXPECT_EQ(some.status, 0);
  std::size_t lines = 0;
  for (const std::string_view line : split(some.output, '\n')) {
    if (line.empty()) continue;
    ++lines;
    EXPECT_NE(line.substr(0, line.find(' ')).find("tau."), std::string::npos) << line;
    EXPECT_NE(all.find(std::string(line) + "\n"), std::string::npos) << line;
  }
  EXPECT_GE(lines, 4u);
  const Outcome none = run_penalmt({"train", "--fields", "data.foldre"});
  EXPECT_EQ(none.status, 2);
  EXPECT_EQ(none.errors,
            "penalmt: --fields: no key holds 'data.foldre'; did you mean 'data.folder'?\n");
}

TEST(Program, RefusesHelpOnWhatIsNoCommand) {
  const auto errors = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return outcome.errors;
  };
  EXPECT_EQ(errors({"help", "trian"}), "penalmt: unknown command 'trian'; did you mean 'train'?\n");
  EXPECT_EQ(errors({"help", "elephant"}),
            "penalmt: unknown command 'elephant'; see penalmt --help\n");
  EXPECT_EQ(errors({"trian", "--help"}),
            "penalmt: unknown command 'trian'; did you mean 'train'?\n");
  EXPECT_EQ(errors({"tokenizer", "help", "elephant"}),
            "penalmt: tokenizer: unknown command 'elephant'; see penalmt tokenizer --help\n");
  EXPECT_EQ(run_penalmt({"tokenizer", "help", "encode"}).output,
            run_penalmt({"tokenizer", "encode", "--help"}).output);
  EXPECT_EQ(errors({"help", "translate", "now"}),
            "penalmt: translate: unexpected argument 'now'\n");
  EXPECT_EQ(errors({"help", "evaluate", "now"}), "penalmt: evaluate: unexpected argument 'now'\n");
  EXPECT_EQ(errors({"help", "tokenizer", "encoed"}),
            "penalmt: tokenizer: unknown command 'encoed'; did you mean 'encode'?\n");
  EXPECT_EQ(errors({"help", "classify", "trian"}),
            "penalmt: classify: unknown command 'trian'; did you mean 'train'?\n");
}

TEST(Program, SaysThatTheShellHasLeftATilde) {
  const auto errors = [](const std::vector<std::string>& arguments) {
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    return outcome.errors;
  };
  for (const std::vector<std::string>& out :
       {std::vector<std::string>{"--out=~/x"}, {"--out", "~/x"}}) {
    std::vector<std::string> arguments = {"train", "recipe.json"};
    arguments.insert(arguments.end(), out.begin(), out.end());
    EXPECT_EQ(errors(arguments),
              "penalmt: train: --out: got '~/x', which the shell has not expanded; write --out "
              "~/x, without quotes or '='\n");
  }
  EXPECT_EQ(errors({"translate", "~/nope"}),
            "penalmt: translate: model: got '~/nope', which the shell has not expanded; write "
            "~/nope without quotes\n");
  EXPECT_EQ(errors({"translate", "run", "--output=~/zz"}),
            "penalmt: translate: --output: got '~/zz', which the shell has not expanded; write "
            "--output ~/zz, without quotes or '='\n");
  EXPECT_EQ(errors({"compare", "run", "~"}),
            "penalmt: compare: RUN: got '~', which the shell has not expanded; write ~ without "
            "quotes\n");
  EXPECT_EQ(errors({"shapes", "--out=~/x"}),
            "penalmt: shapes: --out: got '~/x', which the shell has not expanded; write --out ~/x, "
            "without quotes or '='\n");
  EXPECT_FALSE(std::filesystem::exists("~"));
}

TEST(Program, SaysItsVersion) {
  const Outcome outcome = run_penalmt({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, std::string(PENALMT_VERSION) + "\n");
}

TEST(Program, WithoutItsEngineDoesWhatNeedsNoLibtorch) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("penalmt_main_" + std::to_string(getpid()));
  fs::create_directories(folder);
  fs::copy_file(PENALMT_PROGRAM, folder / "penalmt");
  const auto run = [&](const std::string& arguments) {
    return run_shell("'" + (folder / "penalmt").string() + "' " + arguments).with_status();
  };
  EXPECT_EQ(run("--version"), std::string(PENALMT_VERSION) + "\nexit 0");
  EXPECT_EQ(run("train MODEL"), "penalmt: " + (folder / "penalmt-engine").string() +
                                    ": cannot run: No such file or directory\nexit 2");
  make_tiny_run(folder / "text", {.heads = 1});
  EXPECT_TRUE(run("translate '" + (folder / "text").string() + "' 'a dog .'").ends_with("exit 0"));
  // A bundle's launcher says what its machine lacks.
  const std::string told =
      "env PENALMT_WITHOUT_LIBTORCH='no torch' '" + (folder / "penalmt").string() + "' ";
  EXPECT_EQ(run_shell(told + "train MODEL").with_status(), "penalmt: no torch\nexit 2");
  EXPECT_TRUE(run_shell(told + "translate MODEL x").with_status().starts_with("penalmt: MODEL"));
  fs::remove_all(folder);
}

// LibTorch lies in the home of the one who built the program, which others may not enter.
TEST(Program, TellsAnotherUserThatItsLibtorchIsNotForThem) {
  namespace fs = std::filesystem;
  if (getuid() != 0) GTEST_SKIP() << "only root can become another user";
  const fs::path folder = fs::temp_directory_path() / ("penalmt_user_" + std::to_string(getpid()));
  fs::create_directories(folder);
  for (const char* file : {"penalmt", "penalmt-engine"})
    fs::copy_file(fs::path(PENALMT_PROGRAM).parent_path() / file, folder / file);
  const auto [text, status] =
      run_shell("setpriv --reuid=65534 --clear-groups env -u LD_LIBRARY_PATH '" +
                (folder / "penalmt").string() + "' train MODEL");
  fs::remove_all(folder);
  if (text.find("MODEL") != std::string::npos)
    GTEST_SKIP() << "this machine's LibTorch is open to all users";
  const std::string words =
      "libtorch_cpu.so: cannot read the LibTorch that penalmt was built with: Permission denied; "
      "build it as this user (recipes/build.sh), set LD_LIBRARY_PATH to the lib folder of a "
      "LibTorch 2.11, or carry a bundle (recipes/bundle.sh)\n";
  EXPECT_EQ(text.substr(0, 9), "penalmt: ");
  EXPECT_EQ(text.substr(text.size() - std::min(text.size(), words.size())), words);
  EXPECT_EQ(status, 1);
}

TEST(Program, ExplainsEveryCommandWithAnExample) {
  const std::string help = run_penalmt({"--help"}).output;
  const std::size_t begin = help.find("Commands:\n") + 10;
  std::string rest = help.substr(begin, help.find("\n\n", begin) - begin);
  int commands = 0;
  for (std::size_t end = 0; !rest.empty();
       rest = end == std::string::npos ? "" : rest.substr(end + 1)) {
    end = rest.find('\n');
    const std::string name = rest.substr(2, rest.find(' ', 2) - 2);
    const Outcome outcome = run_penalmt({name, "--help"});
    EXPECT_EQ(outcome.status, 0) << name;
    EXPECT_NE(outcome.output.find("Example"), std::string::npos)
        << "no example in the help of " << name;
    EXPECT_NE(outcome.output.find("penalmt " + name), std::string::npos)
        << "no example in the help of " << name;
    ++commands;
  }
  EXPECT_GE(commands, 1);
}

// What lies in the folder where one works, such as a model from somewhere, is no code of ours.
TEST(Program, LoadsNoLibraryFromTheCurrentFolder) {
  const TemporaryFolder folder;
  for (const char* library : {"libfmt.so.9", "libz.so.1", "libgomp.so.1", "libsentencepiece.so.0",
                              "libtorch_cpu.so", "libstdc++.so.6"})
    write_file(folder / library, "no library\n");
  for (const std::string program : {PENALMT_PROGRAM, PENALMT_PROGRAM "-engine"}) {
    const std::string command = "cd '" + folder.path().string() + "' && env -u LD_LIBRARY_PATH '" +
                                program + "' --version >/dev/null 2>&1";
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 0) << program;
  }
}

// One registry serves both executables.
TEST(Program, ListsTheCommandsThatItsEngineHas) {
  const ShellOutcome engine = output_of_shell("'" PENALMT_PROGRAM "-engine' --help");
  EXPECT_EQ(engine.status, 0);
  EXPECT_EQ(run_penalmt({"--help"}).output, engine.text);
}

TEST(Program, RefusesAWordThatAnOptionDoesNotTake) {
  EXPECT_EQ(run_penalmt({"score", "m", "--source", "s", "--target", "t", "--device", "cpv"}).errors,
            "penalmt: score: --device: got \"cpv\", expected one of auto, cpu, cuda; did you mean "
            "'cpu'?\n");
  EXPECT_EQ(
      run_penalmt({"evaluate", "--hypotheses", "h", "--references", "r", "--samples", "5"}).errors,
      "penalmt: evaluate: --samples requires --report\n");
  EXPECT_EQ(run_penalmt({"evaluate", "--hypotheses", "h", "--references", "r", "--paired-bs",
                         "--paired-ar"})
                .errors,
            "penalmt: evaluate: --paired-bs excludes --paired-ar\n");
}

TEST(Program, SuggestsACommandForAMisspeltOne) {
  const Outcome outcome = run_penalmt({"tokenzier"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.errors, "penalmt: unknown command 'tokenzier'; did you mean 'tokenizer'?\n");
  EXPECT_EQ(run_penalmt({"elephant"}).errors,
            "penalmt: unknown command 'elephant'; see penalmt --help\n");
  EXPECT_EQ(run_penalmt({"tokenizer", "trian"}).errors,
            "penalmt: tokenizer: unknown command 'trian'; did you mean 'train'?\n");
}

TEST(Program, SuggestsAnOptionForAMisspeltOne) {
  const Outcome outcome = run_penalmt({"tokenizer", "encode", "--modle=x"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.errors,
            "penalmt: tokenizer encode: unknown option --modle; did you mean '--model'?\n");
  EXPECT_EQ(run_penalmt({"--verison"}).errors,
            "penalmt: unknown option --verison; did you mean '--version'?\n");
}

TEST(Program, AsksForWhatIsMissing) {
  const Outcome outcome = run_penalmt({});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.errors, "penalmt: expected a command; see penalmt --help\n");
  EXPECT_EQ(run_penalmt({"tokenizer"}).errors,
            "penalmt: tokenizer: expected a command; see penalmt tokenizer --help\n");
  EXPECT_EQ(run_penalmt({"tokenizer", "encode"}).errors,
            "penalmt: tokenizer encode: --model is required\n");
  EXPECT_EQ(run_penalmt({"tokenizer", "encode", "--model", "m", "extra"}).errors,
            "penalmt: tokenizer encode: unexpected argument 'extra'\n");
}

TEST(Program, AsksInItsOwnWordsForAValueMoreOrLess) {
  const auto errors = [](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"evaluate", "--hypotheses", "h", "--references", "r"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    return outcome.errors;
  };
  EXPECT_EQ(errors({"--threads", "1", "--threads", "2"}),
            "penalmt: evaluate: --threads: given 2 times, expected once\n");
  EXPECT_EQ(errors({"--threads"}), "penalmt: evaluate: --threads: got no value, expected N\n");
  EXPECT_EQ(errors({"--width="}), "penalmt: evaluate: --width: got no value, expected N\n");
  EXPECT_EQ(errors({"--report"}), "penalmt: evaluate: --report: got no value, expected FILE\n");
  EXPECT_EQ(errors({"--json=maybe"}),
            "penalmt: evaluate: --json: got 'maybe', expected no value\n");
  EXPECT_EQ(run_penalmt({"evaluate", "--hypotheses", "h", "--references"}).errors,
            "penalmt: evaluate: --references: got no value, expected FILE\n");
  EXPECT_EQ(run_penalmt({"evaluate", "--hypotheses", "--references", "r"}).errors,
            "penalmt: evaluate: --hypotheses: got no value, expected FILE\n");
  EXPECT_EQ(run_penalmt({"translate", "", "a"}).errors,
            "penalmt: translate: model: got an empty name\n");
  EXPECT_EQ(run_penalmt({"compare", ""}).errors, "penalmt: compare: RUN: got an empty name\n");
  EXPECT_EQ(errors({"--report", ""}), "penalmt: evaluate: --report: got an empty name\n");
}

TEST(Program, SaysWhichOptionTookWhatWasMeantForThePositional) {
  EXPECT_EQ(
      run_penalmt({"probe", "--metrics", "bleu", "run", "--source", "a", "--references", "b"})
          .errors,
      "penalmt: probe: model is required; if 'run', which --metrics took, was meant, write it "
      "first: penalmt probe run --metrics ...\n");
  EXPECT_EQ(run_penalmt({"translate", "--output", "/tmp"}).errors,
            "penalmt: translate: model is required; if '/tmp', which --output took, was meant, "
            "write it first: penalmt translate /tmp --output ...\n");
  EXPECT_EQ(run_penalmt({"chain", "--source", "/"}).errors,
            "penalmt: chain: models is required; if '/', which --source took, was meant, write it "
            "first: penalmt chain / --source ...\n");
  EXPECT_EQ(run_penalmt({"translate", "--output", "out"}).errors,
            "penalmt: translate: model is required\n");
}

TEST(Program, CallsAFullDiskTheMachinesFault) {
  if (!std::filesystem::is_character_file("/dev/full"))
    GTEST_SKIP() << "this machine has no /dev/full";
  const Outcome outcome = run_penalmt({"--help"}, "", "/dev/full");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.errors, "penalmt: standard output: cannot write: No space left on device\n");
}

}  // namespace
}  // namespace penalmt
