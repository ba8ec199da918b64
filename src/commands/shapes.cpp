// penalmt shapes: a generated corpus with images, and the scoring of the words that its captions
// leave out.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/progress.h"
#include "base/text.h"
#include "commands/cli/common.h"
#include "commands/cli/numbers.h"
#include "commands/commands.h"
#include "datasets/scenes/scenes_corpus.h"

namespace penalmt {
namespace {

struct ShapesArguments {
  std::string out;
  ShapesOptions corpus;
  int threads = 0;
  std::string hypotheses, marks;
  bool json = false;
};

void write(const ShapesArguments& arguments) {
  write_shapes_corpus(arguments.out, arguments.corpus, arguments.threads);
  message(arguments.out + ": " + std::to_string(arguments.corpus.train) + " training, " +
          std::to_string(arguments.corpus.valid) + " validation and " +
          std::to_string(arguments.corpus.test) + " test scenes");
}

nlohmann::ordered_json as_json(const LeftOutScore& score) {
  nlohmann::ordered_json object;
  const auto add = [&](const LeftOutScore::Attribute& attribute) {
    object[attribute.name] = {{"right", attribute.right},
                              {"total", attribute.total},
                              {"accuracy", attribute.accuracy()},
                              {"chance", attribute.chance}};
  };
  for (const LeftOutScore::Attribute& attribute : score.attributes) add(attribute);
  add(score.all);
  return object;
}

void score(const ShapesArguments& arguments) {
  const std::vector<LeftOutMark> marks = read_left_out_marks(arguments.marks);
  const LeftOutScore result = score_left_out(read_lines(arguments.hypotheses), marks);
  const std::string text = arguments.json ? as_json(result).dump() + "\n" : to_text(result);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_shapes(CLI::App& program) {
  auto arguments = std::make_shared<ShapesArguments>();
  CLI::App* shapes = program.add_subcommand(kShapes.name, kShapes.meaning);
  shapes->footer(
      "Examples:\n"
      "  penalmt shapes --out shapes --train 8000 --val 500 --test 500 --seed 1\n"
      "  penalmt translate runs/shapes --input shapes/tok/test.lc.norm.tok.en --images "
      "shapes/image_splits/test.txt "
      "\\\n"
      "      --image-root shapes/images --output test.de\n"
      "  penalmt shapes score --hypotheses test.de --marks shapes/left_out/test.de.tsv");
  CLI::Option* out = shapes->add_option("--out", arguments->out,
                                        "the folder to make; its README.txt says what is in it");
  shapes->add_option("--train", arguments->corpus.train, "training scenes")
      ->check(whole_number_in(1, 900000))
      ->capture_default_str();
  shapes->add_option("--val", arguments->corpus.valid, "validation scenes")
      ->check(whole_number_in(1, 900000))
      ->capture_default_str();
  shapes->add_option("--test", arguments->corpus.test, "test scenes")
      ->check(whole_number_in(2, 900000))
      ->capture_default_str();
  shapes->add_option("--size", arguments->corpus.size, "side of an image, pixels")
      ->check(whole_number_in(16, 1024))
      ->capture_default_str();
  shapes->add_option("--threads", arguments->threads, "processor threads; 0: all cores")
      ->check(whole_number_in(0, 4096))
      ->capture_default_str();
  add_seed_option(*shapes, arguments->corpus.seed);

  CLI::App* scoring =
      shapes->add_subcommand("score", "how many of the left-out words translations have right");
  scoring->footer(
      "Example:\n  penalmt shapes score --hypotheses test.de --marks shapes/left_out/test.de.tsv");
  scoring
      ->add_option("--hypotheses", arguments->hypotheses,
                   "translations, one a line; - is standard input")
      ->required();
  scoring->add_option("--marks", arguments->marks, "the corpus's left_out/<split>.<language>.tsv")
      ->required();
  scoring->add_flag("--json", arguments->json, "one JSON object");
  scoring->callback([arguments] { score(*arguments); });

  shapes->callback([arguments, shapes, out] {
    if (!shapes->get_subcommands().empty()) return;
    if (out->count() == 0)
      throw Error(
          "shapes: --out is missing; expected the folder to make; see penalmt shapes --help");
    write(*arguments);
  });
}

}  // namespace penalmt
