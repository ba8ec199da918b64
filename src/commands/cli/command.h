// A command as the program knows it: words, options, work. A command's file makes one:
//
//   Command compare_command() { return command<CompareOptions>(compare, kExamples); }
//
// and registry.inc names it. How the command line is read is command_line.h's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands/cli/options.h"

namespace penalmt {

struct Command {
  std::string name = {}, meaning = {};  // of a command in registry.inc: from its row
  std::string footer = {};              // what the help ends with: notes and examples
  std::vector<Option> options = {};
  // Does what the command is for, by the options' fields. Empty: one of its commands must be named.
  std::function<void()> work = {};
  std::vector<Command> commands = {};  // "train" of "tokenizer"
  // Makes the words after the command's name, where they are another program's, those of `options`.
  // Empty: they are read as they are.
  std::function<std::vector<std::string>(const std::vector<std::string>& words,
                                         const std::vector<Option>& options)>
      rewrite = {};
};

// A command that works on a struct of options.
template <class Options>
Command command(void (*work)(const Options&), std::string footer) {
  const auto options = std::make_shared<Options>();
  return {.name = "",
          .meaning = "",
          .footer = std::move(footer),
          .options = options_of(*options),
          .work = [options, work] { work(*options); }};
}

// The same inside another: `penalmt tokenizer train`.
inline Command named(std::string name, std::string meaning, Command command) {
  command.name = std::move(name);
  command.meaning = std::move(meaning);
  return command;
}

}  // namespace penalmt
