// penalmt tokenizer train|encode|decode: text to subword pieces and back, line by line.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "base/files.h"
#include "base/line_reader.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/command.h"
#include "commands/cli/common.h"
#include "tokenizers/sentencepiece.h"
#include "tokenizers/text_limits.h"

namespace penalmt {
namespace {

struct TrainArguments {
  std::vector<std::string> input;
  std::string output;
  TokenizerOptions options;

  template <class Visitor>
  void visit(Visitor& v) {
    v("input", input, "text, plain or .gz; several files share one joint vocabulary",
      option().required().value("FILE"));
    v("output", output, "the model to write", option().required().value("MODEL"));
    v.recipe_keys(options);
  }
};

void train(const TrainArguments& arguments) {
  expect_output("--output", arguments.output, arguments.input);
  std::vector<std::string> lines;
  for (const std::string& file : arguments.input) {
    LineReader reader(file);
    for (std::string line; reader.next(line); lines.push_back(std::move(line)))
      expect_within_limits(line, fmt::format("{}:{}", reader.name(), reader.line_number()));
  }
  const Tokenizer tokenizer = Tokenizer::train(lines, arguments.options);
  write_output("--output", arguments.output, tokenizer.serialized());
  message(fmt::format("{}: {} pieces from {} lines", arguments.output,
                      with_commas(tokenizer.vocabulary_size()),
                      with_commas(static_cast<int64_t>(lines.size()))));
}

struct StreamArguments {
  std::string model;
  LineStream lines;
  bool ids = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("model", model, "a SentencePiece model", option().required().value("MODEL"));
    lines.visit(v);
    v("ids", ids, "numbers in place of pieces");
  }
};

void encode(const StreamArguments& arguments) {
  const Tokenizer tokenizer = Tokenizer::open(arguments.model);
  change_lines(arguments.lines, [&](const std::string& line, const LineReader& reader) {
    expect_within_limits(line, fmt::format("{}:{}", reader.name(), reader.line_number()));
    return arguments.ids ? fmt::format("{}", fmt::join(tokenizer.encode(line), " "))
                         : fmt::format("{}", fmt::join(tokenizer.pieces(line), " "));
  });
}

int piece_id(std::string_view word, int64_t vocabulary_size, const LineReader& reader) {
  int id = -1;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (problem != std::errc() || end != word.data() + word.size() || id < 0 ||
      id >= vocabulary_size) {
    throw Error(fmt::format("{}:{}: piece id: got '{}', expected 0 to {}", reader.name(),
                            reader.line_number(), word, vocabulary_size - 1));
  }
  return id;
}

void decode(const StreamArguments& arguments) {
  const Tokenizer tokenizer = Tokenizer::open(arguments.model);
  change_lines(arguments.lines, [&](const std::string& line, const LineReader& reader) {
    if (arguments.ids) {
      std::vector<int> ids;
      for (const std::string_view word : split_whitespace(line))
        ids.push_back(piece_id(word, tokenizer.vocabulary_size(), reader));
      return tokenizer.decode(ids);
    }
    // At spaces only: a piece of an unseen character may be a tab.
    std::vector<std::string> pieces;
    for (const std::string_view piece : split(line, ' ')) {
      if (!piece.empty()) pieces.emplace_back(piece);
    }
    return tokenizer.decode(pieces);
  });
}

}  // namespace

Command tokenizer_command() {
  return {.footer =
              "Example:\n"
              "  penalmt tokenizer train --input train.en train.de --output joint.model "
              "--vocabulary 10000\n"
              "  penalmt tokenizer encode --model joint.model < test.en > test.pieces",
          .commands = {
              named("train", "find the pieces of some text",
                    command<TrainArguments>(
                        train,
                        "Examples:\n"
                        "  penalmt tokenizer train --input train.en train.de --output joint.model "
                        "--vocabulary 10000\n"
                        "  penalmt tokenizer train --input train.de.gz --output target.model "
                        "--vocabulary 8000 --kind unigram")),
              named("encode", "lines of text to lines of pieces",
                    command<StreamArguments>(
                        encode,
                        "Example:\n  penalmt tokenizer encode --model joint.model --input test.en "
                        "--output test.pieces")),
              named("decode", "lines of pieces back to lines of text",
                    command<StreamArguments>(
                        decode,
                        "Example:\n  penalmt tokenizer decode --model joint.model < test.pieces > "
                        "test.en"))}};
}

}  // namespace penalmt
