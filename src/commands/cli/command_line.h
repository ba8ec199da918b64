// What the command line library leaves to us: help that reads well, and one line, with a
// suggestion, about a wrong command line.
#pragma once

#include <memory>
#include <string>

namespace CLI {
class App;
class FormatterBase;
class ParseError;
}  // namespace CLI

namespace penalmt {

// Give it to the program before its commands are added: they take it over.
std::shared_ptr<CLI::FormatterBase> help_formatter();

// "tokenizer encode: unknown option --modle; did you mean '--model'?"
std::string line_about(const CLI::ParseError& error, const CLI::App& program);

// "" for the program itself, "tokenizer train" for a command in it.
std::string words_to(const CLI::App& command);

}  // namespace penalmt
