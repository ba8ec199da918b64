// penalmt manual: what a shell and `man` are told of the program. In the engine, which knows the
// options of all commands.
#include <fmt/format.h>

#include "base/files.h"
#include "commands/cli/command.h"
#include "commands/cli/command_line.h"
#include "commands/cli/manual.h"
#include "commands/registry.h"

namespace penalmt {
namespace {

struct ManualArguments {
  std::string form;

  template <class Visitor>
  void visit(Visitor& v) {
    v("form", form, "man, for the manual page, or the shell whose completions are wanted",
      option(config::one_of({"man", "bash", "zsh", "fish"})).positional().required().words());
  }
};

std::string manual_in(const std::string& form, const Program& program) {
  if (form == "bash") return bash_completions(program);
  if (form == "zsh") return zsh_completions(program);
  if (form == "fish") return fish_completions(program);
  return manual_page(program);
}

void manual(const ManualArguments& arguments) {
  AtomicFile output("-");
  output.write(manual_in(arguments.form, whole_program()));
  output.commit();
}

constexpr const char* kManualHelp =
    "Examples:\n"
    "  penalmt manual man > penalmt.1; man ./penalmt.1\n"
    "  penalmt manual bash > ~/.local/share/bash-completion/completions/penalmt\n"
    "  penalmt manual zsh > ~/.zfunc/_penalmt                 where $fpath has ~/.zfunc\n"
    "  penalmt manual fish > ~/.config/fish/completions/penalmt.fish";

}  // namespace

Command manual_command() { return command<ManualArguments>(manual, kManualHelp); }

}  // namespace penalmt
