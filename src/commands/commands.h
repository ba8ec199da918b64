// The commands of the program: each function adds one to the command line, with its help, an example and what it does.
#pragma once

namespace CLI {
class App;
}

namespace penalmt {

void add_compare(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_normalize(CLI::App& program);
void add_score(CLI::App& program);
void add_shapes(CLI::App& program);
void add_tokenizer(CLI::App& program);
void add_train(CLI::App& program);
void add_translate(CLI::App& program);

}  // namespace penalmt
