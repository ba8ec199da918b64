// The corpus of a recipe made ready: tokenizers, examples, pictures.
#pragma once

#include <optional>

#include "datasets/batches.h"
#include "datasets/images.h"
#include "training/recipe.h"

namespace penalmt {

struct Tokenizers {
  Tokenizer source, target;  // the same one where the vocabulary is joint
};

// Reads RUN/tokenizer.model (joint) or RUN/source.model and RUN/target.model; nullopt where there is none yet.
std::optional<Tokenizers> read_tokenizers(const std::filesystem::path& run);
void write_tokenizers(const std::filesystem::path& run, const Tokenizers& tokenizers, bool joint);
// Trains them on the training text.
Tokenizers train_tokenizers(const ParallelText& text, const Recipe& recipe);

struct Split {
  std::string name;
  ParallelText text;
  std::vector<Example> examples;
  std::optional<ImageSet> images;  // only for a model that uses them
  const PictureSet* image_set() const { return images ? &*images : nullptr; }
};

// Reads a split with its pictures where the model uses them. Throws Error for an empty split, a list of pictures that is
// missing, and sentences longer than learned positions serve.
Split read_split(const Recipe& recipe, const std::string& name);
void encode_split(Split& split, const Tokenizers& tokenizers, const Recipe& recipe);
// The examples' pieces drawn anew by BPE-dropout with training.bpe_dropout; their number, order and the rest stay. Where learned
// positions end before the drawn pieces do, an example has its undropped pieces.
void sample_split(Split& split, const Tokenizers& tokenizers, const Recipe& recipe, uint64_t seed);

}  // namespace penalmt
