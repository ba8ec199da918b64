// The command line read, with help that reads well and one line, with a suggestion, about a wrong
// one. The one place that knows the library behind it (CLI11).
#pragma once

#include <string>
#include <vector>

#include "commands/cli/command.h"

namespace penalmt {

struct Program {
  std::string description, version, footer;
  std::vector<Command> commands;
};

// Runs the command that the command line names; help and the version go to standard output: "help
// tokenizer encode" is "tokenizer encode --help". Throws Error "tokenizer encode: unknown option
// --modle; did you mean '--model'?", and what the command throws.
void run_command_line(const Program& program, int argc, char** argv);

}  // namespace penalmt
