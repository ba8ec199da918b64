#include "commands/cli/command_line.h"

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace penalmt {
namespace {

class Help : public CLI::Formatter {
 public:
  Help() { label("SUBCOMMAND", "COMMAND"); }
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode) const override {
    std::string text;
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
      text += make_subcommand(command);
    return text.empty() ? "" : "\nCommands:\n" + text;
  }
  std::string make_footer(const CLI::App* app) const override {
    const std::string footer = CLI::Formatter::make_footer(app);
    return footer.empty() || footer.back() == '\n' ? footer : footer + "\n";
  }
};

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> names_of_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The innermost command that the user reached.
const CLI::App& reached_command(const CLI::App& program) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() { return std::make_shared<Help>(); }

std::string words_to(const CLI::App& command) {
  if (command.get_parent() == nullptr) return "";
  const std::string before = words_to(*command.get_parent());
  return before.empty() ? command.get_name() : before + " " + command.get_name();
}

std::string line_about(const CLI::ParseError& error, const CLI::App& program) {
  const CLI::App& command = reached_command(program);
  const std::string words = words_to(command);
  const std::string where = words.empty() ? "" : words + ": ";
  const std::vector<std::string> commands = names_of_commands(command);
  for (const std::string& word : command.remaining()) {
    if (word.size() > 1 && word[0] == '-') {
      const std::string name = word.substr(0, word.find('='));
      return where + "unknown option " + name + did_you_mean(name, names_of_options(command));
    }
    if (!commands.empty())
      return where + "unknown command '" + word + "'" + did_you_mean(word, commands);
    return where + "unexpected argument '" + word + "'";
  }
  if (command.get_require_subcommand_min() > 0)
    return where + "expected a command; see penalmt " + (words.empty() ? "" : words + " ") +
           "--help";
  return where + std::string(split(error.what(), '\n').front());
}

}  // namespace penalmt
