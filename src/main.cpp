// The command line: names the commands, runs one of them, turns what went wrong into one line and an exit status. It
// computes nothing.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <new>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/commands.h"

namespace {

enum ExitStatus { kDone = 0, kMachineFault = 1, kUserMistake = 2, kInterrupted = 130 };

constexpr const char* kDescription =
    "PenalMT translates a sentence with the help of a picture.\n"
    "It trains, translates and scores; every residual connection in its models is a penal connection.";

constexpr const char* kExamples =
    "Examples:\n"
    "  penalmt shapes --out shapes                                    make a small corpus with pictures\n"
    "  penalmt train recipes/shapes/gated.json --out runs/shapes      train on it\n"
    "  penalmt translate runs/shapes --image photo.png \"a circle .\"   translate one sentence with its picture\n"
    "  penalmt evaluate --hypotheses out.de --references ref.de       score translations\n"
    "\n"
    "penalmt COMMAND --help says more about one of them.";

void add_commands(CLI::App& program) {
  penalmt::add_evaluate(program);
  penalmt::add_shapes(program);
  penalmt::add_tokenizer(program);
  penalmt::add_train(program);
}

// What a library threw may span lines and carry a backtrace: its first line is what a user can read.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

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

// "" for the program itself, "tokenizer train"
std::string words_to(const CLI::App& command) {
  if (command.get_parent() == nullptr) return "";
  const std::string before = words_to(*command.get_parent());
  return before.empty() ? command.get_name() : before + " " + command.get_name();
}

// One line about a wrong command line, with a suggestion for a misspelt word.
std::string line_about(const CLI::ParseError& error, const CLI::App& program) {
  const CLI::App& command = reached_command(program);
  const std::string words = words_to(command);
  const std::string where = words.empty() ? "" : words + ": ";
  const std::vector<std::string> commands = names_of_commands(command);
  for (const std::string& word : command.remaining()) {
    if (word.size() > 1 && word[0] == '-') {
      const std::string name = word.substr(0, word.find('='));
      return where + "unknown option " + name + penalmt::did_you_mean(name, names_of_options(command));
    }
    if (!commands.empty()) return where + "unknown command '" + word + "'" + penalmt::did_you_mean(word, commands);
    return where + "unexpected argument '" + word + "'";
  }
  if (!commands.empty())
    return where + "expected a command; see penalmt " + (words.empty() ? "" : words + " ") + "--help";
  return where + first_line(error.what());
}

// Parses and works; help and the version are results as others are.
void parse(CLI::App& program, int argc, char** argv) {
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    program.exit(help_or_version);
  }
}

// Runs the command; what it throws is sorted into exit statuses.
int run(CLI::App& program, int argc, char** argv) {
  try {
    parse(program, argc, argv);
    if (!std::cout.flush() || std::fflush(stdout) != 0) penalmt::throw_file_error("standard output", "write", errno);
    return kDone;
  } catch (const CLI::ParseError& error) {
    penalmt::message(line_about(error, program));
    return kUserMistake;
  } catch (const penalmt::Error& error) {
    for (const std::string_view line : penalmt::split(error.what(), '\n')) penalmt::message(std::string(line));
    return kUserMistake;
  } catch (const penalmt::Interrupted& error) {
    penalmt::message(error.what());
    return kInterrupted;
  } catch (const std::bad_alloc&) {
    penalmt::message("out of memory");
    return kMachineFault;
  } catch (const std::exception& error) {
    penalmt::message(first_line(error.what()));
    return kMachineFault;
  }
}

}  // namespace

int main(int argc, char** argv) {
  penalmt::watch_for_interrupts();
  CLI::App program(kDescription, "penalmt");
  program.get_formatter()->label("SUBCOMMAND", "COMMAND");
  program.get_formatter()->label("Subcommands", "Commands");
  program.set_help_flag("-h,--help", "show this help");
  program.set_version_flag("--version", PENALMT_VERSION, "show the version");
  program.require_subcommand(1);
  add_commands(program);
  program.footer(kExamples);  // after the commands, which would inherit it
  return run(program, argc, argv);
}
