// Compiled for each of the two executables: PENALMT_LIBTORCH, the library that the other one needs,
// is told to `penalmt` alone.
#include "commands/registry.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "commands/cli/engine.h"
#include "commands/cli/foreign_errors.h"

namespace penalmt {

#define LIGHT(name, meaning) Command name##_command();
#define BOTH(name, meaning) Command name##_command();
#define ENGINE(name, meaning) Command name##_command();
#include "commands/registry.inc"
#undef LIGHT
#undef BOTH
#undef ENGINE

namespace {

struct Row {
  const char *name, *meaning;
  bool is_here;
  Command (*describe)();  // null: the other executable's
};

constexpr Row kRows[] = {
#define LIGHT(name, meaning) {#name, meaning, true, name##_command},
#define BOTH(name, meaning) {#name, meaning, true, name##_command},
#ifdef PENALMT_LIBTORCH
#define ENGINE(name, meaning) {#name, meaning, false, nullptr},
#else
#define ENGINE(name, meaning) {#name, meaning, true, name##_command},
#endif
#include "commands/registry.inc"
};

constexpr const char* kDescription =
    "PenalMT translates a sentence with the help of an image.\n"
    "It trains, translates and scores; every residual connection in its models is a penal "
    "connection.\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  penalmt shapes --out shapes                                    make a small corpus with "
    "images\n"
    "  penalmt train recipes/shapes/gated.json --set data.folder=shapes --out runs/shapes\n"
    "                                                                 train on it\n"
    "  penalmt translate runs/shapes --image photo.png \"a circle .\"   translate one sentence "
    "with its image\n"
    "  penalmt evaluate --hypotheses out.de --references ref.de       score translations\n"
    "\n"
    "penalmt COMMAND --help says more about one of them.";

}  // namespace

std::vector<Command> all_commands() {
  std::vector<Command> commands;
  for (const Row& row : kRows) {
    Command command = row.describe != nullptr ? row.describe() : Command{};
    commands.push_back(named(row.name, row.meaning, std::move(command)));
  }
  return commands;
}

Program whole_program() { return {kDescription, PENALMT_VERSION, kExamples, all_commands()}; }

#ifdef PENALMT_LIBTORCH

namespace {

char** words = nullptr;  // of the command line, as hand_over() was given them

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

void hand_over(int argc, char** argv) {
  words = argv;
  const bool is_help = argc > 2 && std::string_view(argv[1]) == "help";
  if (argc < 2) return;
  const std::string_view name = argv[is_help ? 2 : 1];
  for (const Row& row : kRows)
    if (!row.is_here && name == row.name) run_in_engine();
}

void run_in_engine() {
  // A bundle's launcher says what it lacks (recipes/launcher.sh).
  if (const char* problem = std::getenv("PENALMT_WITHOUT_LIBTORCH")) throw Error(problem);
  const auto engine =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "penalmt-engine";
  if (std::filesystem::exists(engine)) expect_libtorch(engine);
  // LibTorch's own warnings, with their stacks, help nobody: we say what went wrong.
  ::setenv("TORCH_CPP_LOG_LEVEL", "ERROR", /*overwrite=*/0);
  // How much of the code that oneDNN writes for each product's sizes is kept
  // (tensors/row_parts.h). An update of Tiny took 210 ms with 512 as with 1,024 (its default; 160
  // MB more) and 4,096, 225 with 256.
  ::setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "512", /*overwrite=*/0);
  ::execv(engine.c_str(), words);
  throw_file_error(engine, "run", errno);
}

std::optional<std::string> engine_words(const std::exception&) { return std::nullopt; }

#else

void hand_over(int, char**) {}

#endif

}  // namespace penalmt
