// penalmt shapes: a generated corpus with images, and the scoring of the words that its captions
// leave out.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/line_reader.h"
#include "base/progress.h"
#include "commands/cli/command.h"
#include "commands/cli/shared_options.h"
#include "datasets/scenes/scenes_corpus.h"
#include "evaluation/left_out_score.h"

namespace penalmt {
namespace {

struct ShapesArguments {
  std::string out;
  ScenesOptions corpus;
  int threads = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("out", out, "the folder to make; its README.txt says what is in it", option().value("DIR"));
    v("train", corpus.train, "training scenes", config::between(1, 900000));
    v("val", corpus.valid, "validation scenes", config::between(1, 900000));
    v("test", corpus.test, "test scenes", config::between(2, 900000));
    v("size", corpus.size, "side of an image, pixels", config::between(16, 1024));
    visit_threads(v, threads);
    visit_seed(v, corpus.seed);
  }
};

void write(const ShapesArguments& arguments) {
  if (arguments.out.empty())
    throw Error("shapes: --out is missing; expected the folder to make; see penalmt shapes --help");
  write_scenes_corpus(arguments.out, arguments.corpus, arguments.threads);
  message(arguments.out + ": " + std::to_string(arguments.corpus.train) + " training, " +
          std::to_string(arguments.corpus.valid) + " validation and " +
          std::to_string(arguments.corpus.test) + " test scenes");
}

nlohmann::ordered_json as_json(const LeftOutScore& score) {
  nlohmann::ordered_json object;
  for (const LeftOutScore::Attribute& attribute : score.with_all())
    object[attribute.name] = {{"right", attribute.right},
                              {"total", attribute.total},
                              {"accuracy", attribute.accuracy()},
                              {"chance", attribute.chance}};
  return object;
}

struct LeftOutArguments {
  std::string hypotheses, marks;
  bool json = false;

  template <class Visitor>
  void visit(Visitor& v) {
    v("hypotheses", hypotheses, "translations, one a line; - is standard input",
      option().required().value("FILE"));
    v("marks", marks, "the corpus's left_out/<split>.<language>.tsv",
      option().required().value("FILE"));
    v("json", json, "one JSON object");
  }
};

void score(const LeftOutArguments& arguments) {
  const std::vector<LeftOutMark> marks = read_left_out_marks(arguments.marks);
  const LeftOutScore result =
      score_left_out(marks, right_words(read_lines(arguments.hypotheses), marks));
  const std::string text = arguments.json ? as_json(result).dump() + "\n" : to_text(result);
  std::fputs(text.c_str(), stdout);
}

}  // namespace

Command shapes_command() {
  Command shapes = command<ShapesArguments>(
      write,
      "Examples:\n"
      "  penalmt shapes --out shapes --train 8000 --val 500 --test 500 --seed 1\n"
      "  penalmt translate runs/shapes --input shapes/tok/test.lc.norm.tok.en \\\n"
      "      --images shapes/image_splits/test.txt --image-root shapes/images --output test.de\n"
      "  penalmt shapes score --hypotheses test.de --marks shapes/left_out/test.de.tsv");
  shapes.commands = {named(
      "score", "how many of the left-out words translations have right",
      command<LeftOutArguments>(score,
                                "Example:\n  penalmt shapes score --hypotheses test.de --marks "
                                "shapes/left_out/test.de.tsv"))};
  return shapes;
}

}  // namespace penalmt
