#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "commands/cli/command_line.h"
#include "commands/cli/manual.h"

namespace penalmt {
namespace {

using Strings = std::vector<std::string>;

void add_paths(const std::string& before, const std::vector<Command>& commands,
               std::vector<CommandPath>& paths) {
  for (const Command& command : commands) {
    const std::string words = before + (before.empty() ? "" : " ") + command.name;
    paths.push_back({words, &command});
    add_paths(words, command.commands, paths);
  }
}

// The words that stand for a value; none where it is free.
Strings choices_of(const Option& option) {
  if (std::holds_alternative<bool*>(option.target) && !option.is_flag()) return {"true", "false"};
  return option.rules.allowed.words;
}

// In single quotes, for a shell.
std::string shell_quoted(std::string_view text) {
  std::string all = "'";
  for (const char c : text) all += c == '\'' ? "'\\''" : std::string(1, c);
  return all + "'";
}

// With a backslash before each of these characters.
std::string escaped(std::string_view text, std::string_view special) {
  std::string all;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) all += '\\';
    all += c;
  }
  return all;
}

// What a command takes beside values: its commands or its options, and --help.
Strings words_of(const Command& command) {
  Strings words;
  for (const Command& inner : command.commands) words.push_back(inner.name);
  for (const Option& option : command.options)
    if (!option.rules.is_positional) words.push_back(option.name);
  words.emplace_back("--help");
  return words;
}

// "penalmt_tokenizer_train", a function's name.
std::string function_of(std::string words) {
  for (char& c : words)
    if (c == ' ' || c == '-') c = '_';
  return "_penalmt_" + words;
}

// ---- zsh

// One of _arguments' specifications, quoted.
std::string zsh_argument(const Option& option) {
  const Strings choices = choices_of(option);
  const std::string action = !choices.empty()   ? fmt::format("({})", fmt::join(choices, " "))
                             : option.is_path() ? "_files"
                                                : " ";
  const std::string value = fmt::format(
      ":{}:{}", escaped(option.rules.is_positional ? option.name : value_word(option), ":\\"),
      action);
  if (option.rules.is_positional) return shell_quoted(option.is_list() ? "*" + value : value);
  const std::string name = option.is_list() ? "*" + option.name : option.name;
  return shell_quoted(name + "[" + escaped(option.meaning, "[]\\") + "]" +
                      (option.is_flag() ? "" : value));
}

// Its own commands first, where the word is not yet an option; else its options.
std::string zsh_function(const CommandPath& path) {
  const Command& command = *path.command;
  std::string text = function_of(path.words) + "() {\n";
  if (!command.commands.empty()) {
    text += "  if (( CURRENT > 2 )); then\n    case $words[2] in\n";
    for (const Command& inner : command.commands)
      text += fmt::format("      {}) shift words; (( CURRENT -= 1 )); {}; return ;;\n", inner.name,
                          function_of(path.words + " " + inner.name));
    text += "    esac\n  elif [[ $words[2] != -* ]]; then\n    local -a commands=(\n";
    for (const Command& inner : command.commands)
      text += "      " + shell_quoted(inner.name + ":" + inner.meaning) + "\n";
    text += "    )\n    _describe command commands\n    return\n  fi\n";
  }
  text += "  _arguments \\\n";
  for (const Option& option : command.options) text += "    " + zsh_argument(option) + " \\\n";
  return text + "    '--help[show this help]'\n}\n";
}

// ---- fish

std::string fish_option(const Option& option) {
  std::string text = option.rules.is_positional
                         ? std::string()
                         : fmt::format(" -l {} -d {}", option.name.substr(2),
                                       "'" + escaped(option.meaning, "'\\") + "'");
  if (option.is_flag()) return text;
  const Strings choices = choices_of(option);
  if (!choices.empty()) return text + fmt::format(" -x -a '{}'", fmt::join(choices, " "));
  return text + (option.is_path() ? " -r -F" : option.rules.is_positional ? "" : " -x");
}

}  // namespace

std::vector<CommandPath> all_paths(const Program& program) {
  std::vector<CommandPath> paths;
  add_paths("", program.commands, paths);
  return paths;
}

std::string bash_completions(const Program& program) {
  Strings names;
  for (const Command& command : program.commands) names.push_back(command.name);
  const auto paths = all_paths(program);
  std::string text =
      "# Completions of penalmt for bash, made by `penalmt manual bash`.\n"
      "_penalmt() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' "
      "words='' i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$command ${COMP_WORDS[i]}\" in\n";
  for (const CommandPath& path : paths) {
    const std::size_t last = path.words.rfind(' ');
    text += fmt::format("      {}) command={} ;;\n",
                        shell_quoted(last == std::string::npos ? " " + path.words : path.words),
                        shell_quoted(path.words));
  }
  text += "    esac\n  done\n  case \"$command $before\" in\n";
  for (const CommandPath& path : paths)
    for (const Option& option : path.command->options) {
      if (option.rules.is_positional || option.is_flag()) continue;
      const Strings choices = choices_of(option);
      const std::string answer =
          !choices.empty()
              ? fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", fmt::join(choices, " "))
          : option.is_path() ? "compopt -o default"
                             : "compopt +o default";
      text += fmt::format("    {}) {}; return ;;\n", shell_quoted(path.words + " " + option.name),
                          answer);
    }
  text += fmt::format("  esac\n  case \"$command\" in\n    '') words='{} --help --version' ;;\n",
                      fmt::join(names, " "));
  for (const CommandPath& path : paths)
    text += fmt::format("    {}) words='{}' ;;\n", shell_quoted(path.words),
                        fmt::join(words_of(*path.command), " "));
  return text +
         "  esac\n"
         "  if [[ $word == -* || -z $command || $words != -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -o default -F _penalmt penalmt\n";
}

std::string zsh_completions(const Program& program) {
  std::string text =
      "#compdef penalmt\n# Completions of penalmt for zsh, made by `penalmt manual zsh`.\n";
  for (const CommandPath& path : all_paths(program)) text += zsh_function(path);
  text += "_penalmt() {\n  if (( CURRENT == 2 )); then\n    local -a commands=(\n";
  for (const Command& command : program.commands)
    text += "      " + shell_quoted(command.name + ":" + command.meaning) + "\n";
  text +=
      "    )\n    _describe command commands\n    return\n  fi\n  shift words\n"
      "  (( CURRENT -= 1 ))\n  case $words[1] in\n";
  for (const Command& command : program.commands)
    text += fmt::format("    {}) {} ;;\n", command.name, function_of(command.name));
  return text + "  esac\n}\n_penalmt \"$@\"\n";
}

std::string fish_completions(const Program& program) {
  std::string text =
      "# Completions of penalmt for fish, made by `penalmt manual fish`.\n"
      "function __penalmt_at\n"
      "    set -l words (commandline -opc)\n"
      "    set -e words[1]\n"
      "    string match -q -- \"$argv[1] *\" \"$words \"\n"
      "end\n"
      "function __penalmt_ends\n"
      "    set -l words (commandline -opc)\n"
      "    set -e words[1]\n"
      "    test \"$words\" = \"$argv[1]\"\n"
      "end\n"
      "complete -c penalmt -f\n"
      "complete -c penalmt -n __fish_use_subcommand -l version -d 'show the version'\n"
      "complete -c penalmt -l help -d 'show this help'\n";
  for (const Command& command : program.commands)
    text += fmt::format("complete -c penalmt -n __fish_use_subcommand -a {} -d '{}'\n",
                        command.name, escaped(command.meaning, "'\\"));
  for (const CommandPath& path : all_paths(program)) {
    for (const Command& inner : path.command->commands)
      text += fmt::format("complete -c penalmt -n \"__penalmt_ends '{}'\" -a {} -d '{}'\n",
                          path.words, inner.name, escaped(inner.meaning, "'\\"));
    for (const Option& option : path.command->options)
      if (const std::string words = fish_option(option); !words.empty())
        text += fmt::format("complete -c penalmt -n \"__penalmt_at '{}'\"{}\n", path.words, words);
  }
  return text;
}

}  // namespace penalmt
