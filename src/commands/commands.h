// The commands of the program: each function adds one to the command line, with its help, an
// example and what it does.
//
// LibTorch takes a third of a second to load. So there are two executables: `penalmt` runs what
// needs no LibTorch itself and hands the other commands over to `penalmt-engine`, which lies beside
// it and has them all.
#pragma once

namespace CLI {
class App;
}

namespace penalmt {

// All commands, in alphabetical order (light_commands.cpp for `penalmt`, all_commands.cpp for
// `penalmt-engine`).
void add_commands(CLI::App& program);

// Does not return where the command line is another executable's. Throws as throw_file_error()
// where that cannot be run, and MachineError where it has no LibTorch.
void hand_over(int argc, char** argv);

// Those without LibTorch.
void add_compare(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_normalize(CLI::App& program);
void add_tokenizer(CLI::App& program);

// Those of penalmt-engine.
void add_chain(CLI::App& program);
void add_classify(CLI::App& program);
void add_features(CLI::App& program);
void add_probe(CLI::App& program);
void add_score(CLI::App& program);
void add_shapes(CLI::App& program);
void add_train(CLI::App& program);
void add_translate(CLI::App& program);

struct CommandName {
  const char *name, *meaning;
};
inline constexpr CommandName kChain = {
    "chain", "what each residual of a model does: its step, its direction, its worth"};
inline constexpr CommandName kClassify = {"classify",
                                          "recognise images: train an image encoder, apply it"};
inline constexpr CommandName kFeatures = {
    "features", "an image encoder's features of images, as a store on the disk"};
inline constexpr CommandName kProbe = {
    "probe", "does a model look at its images? changed images, masked words, pairs"};
inline constexpr CommandName kScore = {"score", "the log probability of each given translation"};
inline constexpr CommandName kShapes = {
    "shapes", "make a corpus of drawn scenes whose captions need the image"};
inline constexpr CommandName kTrain = {"train", "train a model from a recipe"};
inline constexpr CommandName kTranslate = {"translate",
                                           "translate lines, or one sentence with its image"};

}  // namespace penalmt
