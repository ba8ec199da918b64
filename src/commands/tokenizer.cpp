#include <CLI/CLI.hpp>

#include "commands/commands.h"

namespace penalmt {

void add_tokenizer(CLI::App& program) { program.add_subcommand("tokenizer", "train, encode, decode"); }

}  // namespace penalmt
