#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/files.h"
#include "commands/cli/foreign_errors.h"
#include "commands/commands.h"

namespace penalmt {
namespace {

constexpr CommandName kEngineCommands[] = {kChain, kClassify, kFeatures, kProbe,
                                           kScore, kShapes,   kTrain,    kTranslate};

// For the list of commands alone: hand_over() comes first.
void add_name(CLI::App& program, const CommandName& command) {
  program.add_subcommand(command.name, command.meaning);
}

// The engine finds the LibTorch that it was built with by its RUNPATH, which may lie in the home of
// the one who built it. The loader's words about that help nobody.
void expect_libtorch(const std::filesystem::path& engine) {
  const std::filesystem::path libtorch = PENALMT_LIBTORCH;
  const auto installed = engine.parent_path().parent_path() / "lib" / libtorch.filename();
  if (std::getenv("LD_LIBRARY_PATH") != nullptr || ::access(installed.c_str(), R_OK) == 0) return;
  if (::access(libtorch.c_str(), R_OK) == 0) return;
  const int reason = errno;
  throw MachineError(fmt::format(
      "{}: cannot read the LibTorch that penalmt was built with: {}; build it as this user "
      "(recipes/build.sh), set LD_LIBRARY_PATH to the lib folder of a LibTorch 2.11, or carry a "
      "bundle (recipes/bundle.sh)",
      libtorch.string(), std::strerror(reason)));
}

}  // namespace

void add_commands(CLI::App& program) {
  add_name(program, kChain);
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
    if (std::filesystem::exists(engine)) expect_libtorch(engine);
    ::execv(engine.c_str(), argv);
    throw_file_error(engine, "run", errno);
  }
}

std::optional<std::string> engine_words(const std::exception&) { return std::nullopt; }

}  // namespace penalmt
