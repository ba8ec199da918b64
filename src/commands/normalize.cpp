// penalmt normalize: captions as written to the lower-cased, tokenised text that models are trained
// on, and back.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/config.h"
#include "base/error.h"
#include "commands/cli/common.h"
#include "commands/commands.h"
#include "tokenizers/moses.h"

namespace penalmt {
namespace {

struct NormalizeOptions {
  std::string language;
  bool reverse = false, capitalise = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("language", language, "the language of the lines", config::one_of({"cs", "de", "en", "fr"}));
    v("reverse", reverse, "join tokens to lines as one writes them");
    v("capitalise", capitalise, "with --reverse: begin each line with a capital letter");
  }
};

struct NormalizeArguments {
  NormalizeOptions options;
  LineStream lines;
};

void normalize(const NormalizeArguments& arguments) {
  const NormalizeOptions& options = arguments.options;
  if (options.capitalise && !options.reverse)
    throw Error(
        "normalize: --capitalise: got it without --reverse, expected both; normalised text is in "
        "lower case");
  const MosesLanguage language = moses_language(options.language);
  change_lines(arguments.lines, [&](const std::string& line, const LineReader&) {
    if (!options.reverse) return to_moses(line, language);
    const std::string written = from_moses(line, language);
    return options.capitalise ? capitalised(written) : written;
  });
}

}  // namespace

void add_normalize(CLI::App& program) {
  auto arguments = std::make_shared<NormalizeArguments>();
  CLI::App* command = program.add_subcommand("normalize",
                                             "lower-case captions, make their punctuation plain "
                                             "and tokenise them as Moses does; and back");
  add_options_of(*command, arguments->options);
  command->get_option("--language")->required()->type_name("L")->default_str("");
  add_line_stream(*command, arguments->lines);
  command->footer(
      "From Multi30k's raw captions it makes the files tok/*.lc.norm.tok.*, byte for byte. An "
      "empty line stays empty.\n"
      "Examples:\n"
      "  penalmt normalize --language en --input test.en.gz --output test.lc.norm.tok.en\n"
      "  penalmt normalize --language en < captions.en | penalmt translate runs/text |\n"
      "      penalmt normalize --language de --reverse --capitalise > captions.de");
  command->callback([arguments] { normalize(*arguments); });
}

}  // namespace penalmt
