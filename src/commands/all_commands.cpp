#include "commands/commands.h"

namespace penalmt {

void add_commands(CLI::App& program) {
  add_chain(program);
  add_classify(program);
  add_compare(program);
  add_evaluate(program);
  add_features(program);
  add_normalize(program);
  add_probe(program);
  add_score(program);
  add_shapes(program);
  add_tokenizer(program);
  add_train(program);
  add_translate(program);
}

void hand_over(int, char**) {}

}  // namespace penalmt
