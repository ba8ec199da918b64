#include <fmt/format.h>

#include "base/text.h"
#include "commands/cli/command_line.h"
#include "commands/cli/manual.h"

namespace penalmt {
namespace {

// Text of a line of troff: a hyphen is one, a quote and a point at the beginning are no requests.
std::string roff(std::string_view text) {
  std::string all;
  if (text.starts_with('.') || text.starts_with('\'')) all = "\\&";
  for (const char c : text) {
    if (c == '\\')
      all += "\\e";
    else if (c == '-')
      all += "\\-";
    else if (c == '`')
      all += "\\`";
    else if (c == '^')
      all += "\\(ha";
    else if (c == '~')
      all += "\\(ti";
    else
      all += c;
  }
  return all;
}

// Paragraphs; lines that begin with a space stand as they are.
std::string paragraphs(const std::string& text) {
  std::string all;
  bool is_fixed = false;
  for (const std::string_view line : split(text, '\n')) {
    const bool fixed = line.starts_with(' ');
    if (line.empty()) continue;
    if (fixed != is_fixed) all += fixed ? ".nf\n" : ".fi\n";
    if (!fixed) all += ".PP\n";
    all += roff(line) + "\n";
    is_fixed = fixed;
  }
  return all + (is_fixed ? ".fi\n" : "");
}

std::string option_text(const Option& option) {
  const bool is_named = !option.rules.is_positional;
  std::string head =
      is_named ? "\\fB" + roff(option.name) + "\\fR" : "\\fI" + roff(option.name) + "\\fR";
  if (is_named && !option.is_flag()) head += " \\fI" + roff(value_word(option)) + "\\fR";
  if (option.is_list()) head += " ...";
  std::string meaning = option.meaning + allowed_in_words(option);
  if (const std::string value = default_text(option); !value.empty())
    meaning += "; default: " + value;
  return ".TP\n" + head + "\n" + roff(meaning) + "\n";
}

// "penalmt tokenizer train FILE... [OPTIONS]"
std::string synopsis(const CommandPath& path) {
  std::string text = "\\fBpenalmt " + roff(path.words) + "\\fR";
  if (!path.command->commands.empty()) return text + " \\fICOMMAND\\fR";
  for (const Option& option : path.command->options) {
    if (!option.rules.is_positional) continue;
    const std::string name = "\\fI" + roff(option.name) + "\\fR" + (option.is_list() ? " ..." : "");
    text += option.rules.is_required ? " " + name : " [" + name + "]";
  }
  return text + " [\\fIOPTIONS\\fR]";
}

}  // namespace

std::string manual_page(const Program& program) {
  std::string text = fmt::format(
      ".TH PENALMT 1 \"\" \"penalmt {}\" \"User Commands\"\n.SH NAME\npenalmt \\- {}\n"
      ".SH SYNOPSIS\n\\fBpenalmt\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n",
      program.version, "translate a sentence with the help of an image");
  text += paragraphs(program.description);
  text += ".SH COMMANDS\n";
  for (const CommandPath& path : all_paths(program)) {
    text += ".SS " + roff(path.words) + "\n" + roff(path.command->meaning) + "\n.PP\n" +
            synopsis(path) + "\n";
    for (const Option& option : path.command->options) text += option_text(option);
    text += paragraphs(path.command->footer);
  }
  text +=
      ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n2\nthe user's mistake, which one line names\n.TP\n130\n"
      "interrupted\n.TP\n1\nanything else\n.SH EXAMPLES\n";
  return text + paragraphs(program.footer);
}

}  // namespace penalmt
