#include "commands/cli/command_line.h"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

namespace penalmt {
namespace {

// Characters of a line of standard output, where that is a terminal.
std::size_t line_width() {
  winsize size = {};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : std::numeric_limits<std::size_t>::max();
}

// Broken at spaces into lines of at most `width` characters; a line that begins with a space, as an
// example does, stays as it is.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string all;
  bool is_first = true;
  for (const std::string_view line : split(text, '\n')) {
    if (!std::exchange(is_first, false)) all += '\n';
    if (line.starts_with(' ')) {
      all += line;
      continue;
    }
    std::size_t filled = 0;
    for (const std::string_view word : split(line, ' ')) {
      const std::size_t length = count_characters(word);
      if (filled > 0 && filled + 1 + length > width) {
        all += '\n';
        filled = 0;
      } else if (filled > 0) {
        all += ' ';
        ++filled;
      }
      all += word;
      filled += length;
    }
  }
  return all;
}

// As wide as the terminal.
class Help : public CLI::Formatter {
 public:
  Help() { label("SUBCOMMAND", "COMMAND"); }
  std::string make_description(const CLI::App* app) const override {
    return wrapped(CLI::Formatter::make_description(app), width_);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string text = CLI::Formatter::make_option_opts(option);
    return text.substr(0, others_in(text));
  }
  // The other options that it needs or excludes are told below its meaning, where lines are broken.
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string text = CLI::Formatter::make_option_opts(option);
    const std::size_t others = others_in(text);
    return wrapped(CLI::Formatter::make_option_desc(option) +
                       (others == std::string::npos ? "" : "\n" + text.substr(others + 1)),
                   column());
  }
  std::string make_subcommand(const CLI::App* command) const override {
    std::stringstream text;
    CLI::detail::format_help(text, command->get_display_name(true),
                             wrapped(command->get_description(), column()), column_width_);
    return text.str();
  }
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode) const override {
    std::string text;
    for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
      text += make_subcommand(command);
    return text.empty() ? "" : "\nCommands:\n" + text;
  }
  std::string make_footer(const CLI::App* app) const override {
    const std::string footer = wrapped(CLI::Formatter::make_footer(app), width_);
    return footer.empty() || footer.back() == '\n' ? footer : footer + "\n";
  }

 private:
  // Where the options begin that go with it, or do not; npos: none.
  static std::size_t others_in(const std::string& text) {
    return std::min(text.find(" Needs: "), text.find(" Excludes: "));
  }
  // What is left for a meaning, beside the names.
  std::size_t column() const {
    constexpr std::size_t kLeast = 20;
    return std::max(width_, column_width_ + kLeast) - column_width_;
  }

  const std::size_t width_ = line_width();
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

// "" for the program itself, "tokenizer train" for a command in it.
std::string words_to(const CLI::App& command) {
  if (command.get_parent() == nullptr) return "";
  const std::string before = words_to(*command.get_parent());
  return before.empty() ? command.get_name() : before + " " + command.get_name();
}

// The innermost command that the user reached.
const CLI::App& reached_command(const CLI::App& program) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

// A positional argument is missing, and an option may have what was meant for it: one whose last
// word is a folder, as runs are, else one that took several words. "; if 'runs/x', which --metrics
// took, was meant, write it first: penalmt probe runs/x --metrics ..."
std::string taken_by_option(const CLI::App& command) {
  for (const bool is_folder : {true, false})
    for (const CLI::Option* option : command.get_options()) {
      if (option->get_positional() || option->results().empty()) continue;
      const std::string& last = option->results().back();
      std::error_code ignored;
      if (is_folder ? !std::filesystem::is_directory(last, ignored) : option->results().size() < 2)
        continue;
      return fmt::format(
          "; if '{1}', which {0} took, was meant, write it first: penalmt {2} {1} {0} ...",
          option->get_name(), last, words_to(command));
    }
  return "";
}

bool lacks_positional(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options())
    if (option->get_positional() && option->get_required() && option->empty()) return true;
  return false;
}

// The option that CLI11's sentence begins with: "--threads: At Most 1 required but received 2".
const CLI::Option* option_of(const std::string& sentence, const CLI::App& command) {
  const std::string name = sentence.substr(0, sentence.find(':'));
  for (const CLI::Option* option : command.get_options())
    if (option->get_name() == name || option->get_name(true) == name) return option;
  return nullptr;
}

// Our words for those of CLI11's sentences that are not a user's.
std::string in_our_words(const CLI::ParseError& error, const CLI::App& command) {
  const std::string sentence(split(error.what(), '\n').front());
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
    const CLI::Option* option = option_of(sentence, command);
    if (option == nullptr) return sentence;
    if (option->results().size() > 1)
      return fmt::format("{}: given {} times, expected once", option->get_name(),
                         option->results().size());
    return fmt::format("{}: got no value, expected {}", option->get_name(),
                       option->get_type_name());
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error)) {  // "Could not convert: --json = maybe"
    const std::size_t name = sentence.find("--"), value = sentence.find(" = ");
    if (name < value && value != std::string::npos)
      return fmt::format("{}: got '{}', expected no value", sentence.substr(name, value - name),
                         sentence.substr(value + 3));
  }
  return sentence;
}

std::string see_help(const CLI::App& command) {
  const std::string words = words_to(command);
  return "; see penalmt " + (words.empty() ? "" : words + " ") + "--help";
}

// A word that no option and no argument takes.
std::string about_extra(const std::string& word, const CLI::App& command) {
  const std::vector<std::string> commands = names_of_commands(command);
  if (word.size() > 1 && word[0] == '-') {
    const std::string name = word.substr(0, word.find('='));
    return "unknown option " + name + did_you_mean(name, names_of_options(command));
  }
  if (!commands.empty()) {
    const std::string near = did_you_mean(word, commands);
    return "unknown command '" + word + "'" + (near.empty() ? see_help(command) : near);
  }
  return "unexpected argument '" + word + "'";
}

std::string after_words(const CLI::App& command, const std::string& text) {
  const std::string words = words_to(command);
  return (words.empty() ? "" : words + ": ") + text;
}

std::string describe(const CLI::ParseError& error, const CLI::App& program) {
  const CLI::App& command = reached_command(program);
  for (const std::string& word : command.remaining())
    return after_words(command, about_extra(word, command));
  if (command.get_require_subcommand_min() > 0)
    return after_words(command, "expected a command" + see_help(command));
  const std::string line = after_words(command, in_our_words(error, command));
  return line + (lacks_positional(command) ? taken_by_option(command) : "");
}

// A name that is none, or that the shell was to make one of.
std::string problem_of_path(const Option& option, const std::string& value) {
  if (!option.is_path()) return "";
  if (value.empty()) return "got an empty name";
  if (value != "~" && !value.starts_with("~/")) return "";
  const std::string got = fmt::format("got '{}', which the shell has not expanded; write ", value);
  return got + (option.rules.is_positional
                    ? fmt::format("{} without quotes", value)
                    : fmt::format("{} {}, without quotes or '='", option.name, value));
}

CLI::Option* add_named(CLI::App& app, const Option& option) {
  const std::string meaning = option.meaning + allowed_in_words(option);
  if (option.is_flag()) return app.add_flag(option.name, *std::get<bool*>(option.target), meaning);
  const auto set = [&option](const std::vector<std::string>& values) { assign(option, values); };
  CLI::Option* added =
      option.is_list()
          ? app.add_option_function<std::vector<std::string>>(option.name, set, meaning)
          : app.add_option_function<std::string>(
                option.name, [set](const std::string& value) { set({value}); }, meaning);
  if (option.rules.is_one_by_one) added->expected(1)->take_all();
  added->type_name(value_word(option));
  added->check([&option, &app](const std::string& value) {
    if (value.starts_with("--") && app.get_option_no_throw(value) != nullptr)
      return "got no value, expected " + value_word(option);
    const std::string problem = problem_of_path(option, value);
    return problem.empty() ? problem_of(option, value) : problem;
  });
  if (const std::string value = default_text(option); !value.empty()) added->default_str(value);
  return added;
}

void add_command(CLI::App& parent, const Command& command) {
  CLI::App& app = *parent.add_subcommand(command.name, command.meaning);
  app.footer(command.footer);
  for (const Option& option : command.options)
    add_named(app, option)->required(option.rules.is_required);
  for (const Option& option : command.options) {
    CLI::Option* added = app.get_option(option.name);
    for (const std::string& other : option.rules.needed)
      added->needs(app.get_option(option_name(other)));
    for (const std::string& other : option.rules.excluded)
      added->excludes(app.get_option(option_name(other)));
  }
  for (const Command& inner : command.commands) add_command(app, inner);
  if (command.work) {
    app.callback([&command, &app] {
      if (app.get_subcommands().empty()) command.work();
    });
  } else if (!command.commands.empty()) {
    app.require_subcommand(1);
  }
}

// "help tokenizer encode": the words name a command, or a person hears which of them does not.
std::vector<std::string> as_help_flag(const CLI::App& program,
                                      const std::vector<std::string>& words) {
  const CLI::App* command = &program;
  std::vector<std::string> arguments = {"--help"};  // CLI11 takes them from the back
  for (const std::string& word : words) {
    if (word == "help" || word == "--help" || word == "-h") continue;
    const auto inner =
        command->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
    if (inner.empty()) throw Error(after_words(*command, about_extra(word, *command)));
    command = inner.front();
    arguments.insert(arguments.begin() + 1, word);
  }
  return arguments;
}

// The command line in the command's own words, the last word first, as CLI11 takes them.
std::vector<std::string> rewritten(const Program& program, std::vector<std::string> words) {
  for (const Command& command : program.commands) {
    if (words.empty() || words.front() != command.name || !command.rewrite) continue;
    words = command.rewrite({words.begin() + 1, words.end()}, command.options);
    words.insert(words.begin(), command.name);
    break;
  }
  std::reverse(words.begin(), words.end());
  return words;
}

// "help train", "tokenizer help encode"
bool asks_for_help(const CLI::App& program, const std::vector<std::string>& words) {
  const CLI::App* command = &program;
  for (const std::string& word : words) {
    const auto inner = command->get_subcommands([](const CLI::App*) { return true; });
    if (inner.empty() || word == "help") return !inner.empty();
    const auto named = std::find_if(inner.begin(), inner.end(),
                                    [&](const CLI::App* each) { return each->get_name() == word; });
    if (named == inner.end()) return false;
    command = *named;
  }
  return false;
}

}  // namespace

void run_command_line(const Program& program, int argc, char** argv) {
  CLI::App app(program.description, "penalmt");
  app.formatter(std::make_shared<Help>());  // before the commands, which take it over
  app.set_help_flag("-h,--help", "show this help");
  app.set_version_flag("--version", program.version, "show the version");
  app.require_subcommand(1);
  for (const Command& command : program.commands) add_command(app, command);
  app.footer(program.footer);  // after the commands, which would inherit it
  try {
    const std::vector<std::string> words(argv + std::min(1, argc), argv + argc);
    if (asks_for_help(app, words))
      app.parse(as_help_flag(app, words));
    else
      app.parse(rewritten(program, words));
  } catch (const CLI::Success& help_or_version) {
    const CLI::App& command = reached_command(app);
    for (const std::string& word : command.remaining())  // "trian --help"
      if (!word.starts_with("-")) throw Error(after_words(command, about_extra(word, command)));
    app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    throw Error(describe(error, app));
  }
}

}  // namespace penalmt
