// All commands of the program (registry.inc), and the executable that each runs in.
//
// LibTorch takes a third of a second to load, and 170 MB. So there are two executables: `penalmt`
// runs what needs no LibTorch itself, the translation of text among it, and hands all else over to
// `penalmt-engine`, which lies beside it and has it all. registry.cpp is compiled for each.
#pragma once

#include <vector>

#include "commands/cli/command.h"
#include "commands/cli/command_line.h"

namespace penalmt {

// In alphabetical order. Those of the other executable have their name and meaning alone, for the
// list of commands: hand_over() comes first.
std::vector<Command> all_commands();

// These, and what is said of all of them.
Program whole_program();

// Does not return where the command line is the other executable's. Throws as throw_file_error()
// where that cannot be run, and Error where it could not find its LibTorch.
void hand_over(int argc, char** argv);

}  // namespace penalmt
