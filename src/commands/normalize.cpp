// penalmt normalize: captions as written to the lower-cased, tokenised text that models are trained
// on, and back.
#include "base/error.h"
#include "base/line_reader.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "tokenizers/moses.h"

namespace penalmt {
namespace {

struct NormalizeArguments {
  std::string language;
  bool reverse = false, capitalise = false;
  LineStream lines;

  template <class Visitor>
  void visit(Visitor& v) {
    v("language", language, "the language of the lines",
      option(config::one_of({"cs", "de", "en", "fr"})).required().value("L"));
    v("reverse", reverse, "join tokens to lines as one writes them");
    v("capitalise", capitalise, "with --reverse: begin each line with a capital letter");
    lines.visit(v);
  }
};

void normalize(const NormalizeArguments& arguments) {
  if (arguments.capitalise && !arguments.reverse)
    throw Error(
        "normalize: --capitalise: got it without --reverse, expected both; normalised text is in "
        "lower case");
  const MosesLanguage language = moses_language(arguments.language);
  change_lines(arguments.lines, [&](const std::string& line, const LineReader&) {
    if (!arguments.reverse) return to_moses(line, language);
    const std::string written = from_moses(line, language);
    return arguments.capitalise ? capitalised(written) : written;
  });
}

constexpr const char* kExamples =
    "From Multi30k's raw captions it makes the files tok/*.lc.norm.tok.*, byte for byte. An "
    "empty line stays empty.\n"
    "Examples:\n"
    "  penalmt normalize --language en --input test.en.gz --output test.lc.norm.tok.en\n"
    "  penalmt normalize --language en < captions.en | penalmt translate runs/text |\n"
    "      penalmt normalize --language de --reverse --capitalise > captions.de";

}  // namespace

Command normalize_command() { return command<NormalizeArguments>(normalize, kExamples); }

}  // namespace penalmt
