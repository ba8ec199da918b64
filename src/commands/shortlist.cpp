// penalmt shortlist: learns which pieces of a translation go with which of the source.
#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/line_reader.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "models/model_folder.h"
#include "tokenizers/lexicon.h"
#include "tokenizers/text_limits.h"
#include "translation/model_location.h"

namespace penalmt {
namespace {

struct ShortlistArguments {
  std::string model, source, target, output;
  int64_t iterations = 5, best = 200;

  template <class Visitor>
  void visit(Visitor& v) {
    visit_model(v, model);
    v("source", source, "the training text, a sentence a line, plain or .gz",
      option().required().value("FILE"));
    v("target", target, "its translations", option().required().value("FILE"));
    v("output", output, "the list to write", option().required().value("FILE"));
    v("iterations", iterations, "of EM", option(config::between(1, 100)).value("N"));
    v("best", best, "pieces that are kept for one of the source",
      option(config::between(1, 100000)).value("N"));
  }
};

std::vector<std::vector<int>> pieces_of(const std::string& file, const Tokenizer& tokenizer,
                                        bool is_tokenised) {
  std::vector<std::vector<int>> pieces;
  LineReader reader(file);
  for (std::string line; reader.next(line);) {
    if (is_tokenised) line = single_spaced(line);
    expect_within_limits(line, fmt::format("{}:{}", reader.name(), reader.line_number()));
    pieces.push_back(tokenizer.encode(line));
  }
  return pieces;
}

void learn(const ShortlistArguments& arguments) {
  expect_output("--output", arguments.output, {arguments.source, arguments.target});
  const ModelLocation model = locate_model(arguments.model);
  const bool is_tokenised = read_description(model.folder).text == "tok";
  const Tokenizer source = Tokenizer::open(model.source_tokenizer),
                  target = Tokenizer::open(model.target_tokenizer);
  auto sources = pieces_of(arguments.source, source, is_tokenised);
  auto targets = pieces_of(arguments.target, target, is_tokenised);
  if (sources.size() != targets.size())
    throw Error(fmt::format("{}: {} lines; expected {}, as {} has", arguments.target,
                            targets.size(), sources.size(), arguments.source));
  std::vector<PiecePair> pairs;
  for (size_t i = 0; i < sources.size(); ++i)
    pairs.push_back({std::move(sources[i]), std::move(targets[i])});
  const Lexicon lexicon = learn_lexicon(pairs, source.vocabulary_size(), target.vocabulary_size(),
                                        arguments.iterations, arguments.best);
  if (lexicon.frequent.empty())
    throw Error(arguments.target + ": no words in it; expected the training text");
  write_output("--output", arguments.output, as_text(lexicon, source, target));
  message(fmt::format("{}: learnt from {} sentence pairs", arguments.output,
                      with_commas(static_cast<int64_t>(pairs.size()))));
}

}  // namespace

Command shortlist_command() {
  return command<ShortlistArguments>(
      learn,
      "IBM Model 1 over pieces. The list has a line \"target source probability\" for each pair, "
      "as Marian's lexical shortlists, and lines of NULL with each target piece's share of the "
      "text.\n"
      "Example:\n"
      "  penalmt shortlist runs/text --source train.en --target train.de --output runs/text.lex\n"
      "  penalmt translate runs/text --shortlist runs/text.lex --precision int8 < test.en");
}

}  // namespace penalmt
