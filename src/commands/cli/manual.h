// What a shell and `man` are told of the program: made from the commands' own options, so that it
// is never behind them.
#pragma once

#include <string>
#include <vector>

#include "commands/cli/command.h"

namespace penalmt {

struct Program;

// A page of section 1, for man: every command with its options, their ranges and defaults.
std::string manual_page(const Program& program);

// Scripts that complete commands, options, words that an option may hold, and files where it names
// one. For <bash-completion>/completions/penalmt, a folder of $fpath as _penalmt, and
// <fish>/completions/penalmt.fish.
std::string bash_completions(const Program& program);
std::string zsh_completions(const Program& program);
std::string fish_completions(const Program& program);

// A command and the words that lead to it: "tokenizer train".
struct CommandPath {
  std::string words;
  const Command* command = nullptr;
};
// All that do something or hold others, in the program's order.
std::vector<CommandPath> all_paths(const Program& program);

}  // namespace penalmt
