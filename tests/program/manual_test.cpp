// The manual page and the completions: of all commands, and as man and the shells take them.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "base/files.h"
#include "base/text.h"
#include "tests/base/shell.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

using Words = std::vector<std::string>;

std::string manual(const std::string& form) {
  const Outcome outcome = run_penalmt({"manual", form});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  return outcome.output;
}

bool has_tool(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

// Names in a help's list: what stands first in lines with two spaces before it.
std::set<std::string> listed(const std::string& help, const char* pattern) {
  std::set<std::string> names;
  const std::regex line(pattern);
  for (std::sregex_iterator match(help.begin(), help.end(), line), end; match != end; ++match)
    names.insert((*match)[1]);
  return names;
}

const std::set<std::string>& commands() {
  static const std::set<std::string> names = [] {
    const std::string help = run_penalmt({"--help"}).output;
    const std::size_t begin = help.find("Commands:\n");
    return listed(help.substr(begin, help.find("Examples:") - begin), "\n  ([a-z]+) ");
  }();
  return names;
}

class Manual : public ::testing::Test {
 protected:
  // What bash offers for the last of the words.
  Words offered(const Words& words) const {
    std::string line = "source '" + (folder_ / "bash").string() + "'; COMP_WORDS=(";
    for (const std::string& word : words) line += " '" + word + "'";
    line += "); COMP_CWORD=" + std::to_string(words.size() - 1) +
            "; compopt() { :; }; _penalmt; echo \"${COMPREPLY[@]}\"";
    write_file(folder_ / "script", line + "\n");
    const std::string answer = run_shell("bash '" + (folder_ / "script").string() + "'").text;
    Words all;
    for (const std::string_view word : split_whitespace(answer)) all.emplace_back(word);
    return all;
  }

  const TemporaryFolder folder_;
};

TEST_F(Manual, HasEveryCommandAndEveryOption) {
  ASSERT_GT(commands().size(), 12u);
  const std::string page = manual("man"), bash = manual("bash"), zsh = manual("zsh"),
                    fish = manual("fish");
  for (const std::string& command : commands()) {
    EXPECT_NE(page.find("\n.SS " + command + "\n"), std::string::npos) << command;
    EXPECT_NE(bash.find("'" + command + "') words="), std::string::npos) << command;
    EXPECT_NE(zsh.find("\n_penalmt_" + command + "() {"), std::string::npos) << command;
    EXPECT_NE(fish.find("__fish_use_subcommand -a " + command + " -d"), std::string::npos)
        << command;
    const std::string help = run_penalmt({command, "--help"}).output;
    for (const std::string& option : listed(help, "\n  (--[a-z-]+)")) {
      if (option == "--help") continue;
      std::string hyphens;
      for (const char c : option) hyphens += c == '-' ? "\\-" : std::string(1, c);
      EXPECT_NE(page.find("\\fB" + hyphens + "\\fR"), std::string::npos) << command << option;
      EXPECT_NE(bash.find(option + " "), std::string::npos) << command << option;
      EXPECT_NE(zsh.find(option + "["), std::string::npos) << command << option;
      EXPECT_NE(fish.find("'" + command + "'\" -l " + option.substr(2) + " "), std::string::npos)
          << command << option;
    }
  }
}

TEST_F(Manual, IsReadByManWithoutAWord) {
  if (!has_tool("groff")) GTEST_SKIP() << "no groff on the PATH (Debian's package groff-base)";
  write_file(folder_ / "penalmt.1", manual("man"));
  const std::string page = (folder_ / "penalmt.1").string();
  EXPECT_EQ(run_shell("groff -man -Tutf8 -ww -z '" + page + "'").text, "");
  const std::string text =
      run_shell("MANWIDTH=200 groff -man -Tascii -P-cbou -rLL=200n '" + page + "'").text;
  EXPECT_NE(text.find("penalmt tokenizer train"), std::string::npos);
  EXPECT_NE(text.find("penalmt serve model [OPTIONS]"), std::string::npos);
  EXPECT_NE(text.find("where to listen; 0: a port that is free (0 to 65535); default: 8080"),
            std::string::npos);
  EXPECT_NE(text.find("  penalmt translate runs/shapes --image photo.png \"a circle .\""),
            std::string::npos);
}

TEST_F(Manual, LetsBashCompleteCommandsOptionsWordsAndFiles) {
  write_file(folder_ / "bash", manual("bash"));
  EXPECT_EQ(offered({"penalmt", "trai"}), Words{"train"});
  EXPECT_EQ(offered({"penalmt", "tokenizer", "e"}), Words{"encode"});
  EXPECT_EQ(offered({"penalmt", "translate", "runs/a", "--prec"}), Words{"--precision"});
  EXPECT_EQ(offered({"penalmt", "translate", "runs/a", "--precision", "b"}), Words{"bfloat16"});
  EXPECT_EQ(offered({"penalmt", "tokenizer", "train", "--byte"}), Words{"--byte-fallback"});
  EXPECT_EQ(offered({"penalmt", "serve", "--port", "8"}), Words{});
  EXPECT_EQ(offered({"penalmt", "translate", "--input", "te"}), Words{});  // a file
  EXPECT_EQ(offered({"penalmt", "translate", "runs"}), Words{});           // a folder
  Words all = offered({"penalmt", ""});
  EXPECT_EQ(all.size(), commands().size() + 2);
  EXPECT_EQ(run_shell("bash -n '" + (folder_ / "bash").string() + "'").text, "");
}

TEST_F(Manual, IsReadByZshAndFish) {
  if (!has_tool("zsh") || !has_tool("fish"))
    GTEST_SKIP() << "no zsh and fish on the PATH (Debian's packages of those names)";
  write_file(folder_ / "_penalmt", manual("zsh"));
  write_file(folder_ / "penalmt.fish", manual("fish"));
  const std::string zsh = (folder_ / "_penalmt").string(),
                    fish = "source '" + (folder_ / "penalmt.fish").string() + "'; complete -C ";
  EXPECT_EQ(run_shell("zsh -n '" + zsh + "'").text, "");
  // What zsh's own functions are given.
  write_file(folder_ / "ask",
             "compdef() { :; }\n_arguments() { print -rl -- \"$@\"; }\n"
             "_describe() { print -rl -- ${(P)2}; }\n"
             "words=(penalmt tokenizer '') CURRENT=3\nsource '" +
                 zsh + "'\nwords=(penalmt translate r) CURRENT=3\n_penalmt\n");
  const std::string said = run_shell("zsh -f '" + (folder_ / "ask").string() + "'").text;
  EXPECT_TRUE(
      said.starts_with("train:find the pieces of some text\n"
                       "encode:lines of text to lines of pieces\n"))
      << said;
  for (const char* argument :
       {"\n:model:_files\n", "\n*--ensemble[one more model of the same tokenizer; ",
        "]:MODEL:_files\n", "]:TEXT:(auto float32 bfloat16 int8)\n", "\n--json[one JSON object",
        "\n--help[show this help]\n"})
    EXPECT_NE(said.find(argument), std::string::npos) << argument << "in" << said;
  const auto asked = [&](const std::string& line) {
    return run_shell("HOME='" + folder_.path().string() + "' fish --no-config -c \"" + fish + "'" +
                     line + "'\"")
        .text;
  };
  EXPECT_EQ(asked("penalmt trai"), "train\ttrain a model from a recipe\n");
  EXPECT_EQ(asked("penalmt tokenizer enc"), "encode\tlines of text to lines of pieces\n");
  EXPECT_TRUE(asked("penalmt translate runs/a --precision bf").starts_with("bfloat16\t"));
  EXPECT_TRUE(asked("penalmt serve --tok").starts_with("--token-file\t"));
  EXPECT_EQ(asked("penalmt serve --precisio"),
            "--precision\tnumbers of the matrix products on the CPU: auto, float32, bfloat16 or "
            "int8; auto takes int8 where the processor is faster in it (VNNI, AVX2), else float32; "
            "default: the model's\n");
}

}  // namespace
}  // namespace penalmt
