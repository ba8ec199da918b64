#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/files.h"
#include "commands/commands.h"

namespace penalmt {
namespace {

constexpr CommandName kEngineCommands[] = {kClassify, kFeatures, kProbe,    kScore,
                                           kShapes,   kTrain,    kTranslate};

// For the list of commands alone: hand_over() comes first.
void add_name(CLI::App& program, const CommandName& command) {
  program.add_subcommand(command.name, command.meaning);
}

}  // namespace

void add_commands(CLI::App& program) {
  add_name(program, kClassify);
  add_compare(program);
  add_evaluate(program);
  add_name(program, kFeatures);
  add_normalize(program);
  add_name(program, kProbe);
  add_name(program, kScore);
  add_name(program, kShapes);
  add_tokenizer(program);
  add_name(program, kTrain);
  add_name(program, kTranslate);
}

void hand_over(int argc, char** argv) {
  if (argc < 2) return;
  for (const CommandName& command : kEngineCommands) {
    if (std::string_view(argv[1]) != command.name) continue;
    const auto engine =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() / "penalmt-engine";
    ::execv(engine.c_str(), argv);
    throw_file_error(engine, "run", errno);
  }
}

}  // namespace penalmt
