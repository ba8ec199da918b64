// The corpus of a recipe made ready: tokenizers, examples, images.
#pragma once

#include <memory>
#include <optional>

#include "datasets/batches.h"
#include "datasets/example_cache.h"
#include "datasets/image_set.h"
#include "training/recipe.h"

namespace penalmt {

struct Tokenizers {
  Tokenizer source, target;  // the same one where the vocabulary is joint
};

// Reads RUN/tokenizer.model (joint) or RUN/source.model and RUN/target.model; nullopt where there
// is none yet. Throws as Tokenizer::open.
std::optional<Tokenizers> read_tokenizers(const std::filesystem::path& run);
// `joint`: one vocabulary. Throws as write_file (base/files.h).
void write_tokenizers(const std::filesystem::path& run, const Tokenizers& tokenizers, bool joint);
// Those of the run that a recipe's training.initial_weights names; nullopt where it names none, or
// only an image encoder. Throws Error where there is no model, where the run has no tokenizers, or
// its model is of another network than the recipe's as far as tensors have no shape of that.
std::optional<Tokenizers> initial_tokenizers(const Recipe& recipe);
// Those of tokenizer.files, or trained on the training text, or data.tokenizer_pairs of it. Throws
// as Tokenizer::train, Tokenizer::adopt and expand_environment (datasets/text/corpus.h).
Tokenizers train_tokenizers(const ParallelText& text, const Recipe& recipe);

// Sentences with their translations and images: in memory, or, of a training split with data.cache,
// on the disk but for the names of images.
struct DataSplit {
  std::string name;
  ParallelText text;                       // on the disk: what tokenizers are trained on
  std::vector<Example> examples;           // in memory
  std::shared_ptr<const ImageSet> images;  // null unless the model uses them
  std::vector<Corpus> corpora;
  std::vector<std::unique_ptr<const ExampleCache>> caches;  // on the disk: one a corpus
  // The piece that a corpus's sources begin with, one a corpus; none where there is one target
  // language.
  std::vector<int> languages;

  int64_t size() const;  // examples
  Example at(int64_t i) const;
  ExampleLengths lengths(int64_t i) const;
  // The examples of an epoch, drawn by the weights of the corpora.
  std::vector<int64_t> drawn(uint64_t seed) const;
};

struct TrainingData {
  Tokenizers tokenizers;
  DataSplit train, valid;
};

// Fills in model.features from the store of the training split. Throws Error where recipe, store
// and data.image_encoder do not fit together, and as FeatureStore::open and ExportedEncoder::open.
// Nothing to do for a model that takes no features.
void settle_features(Recipe& recipe);

// Reads a split with its images where the model uses them. Throws Error for an empty split and a
// list of images that is missing; as load_split (datasets/text/corpus.h), also where data.cache is
// to hold the sentences; and as DecodedImages or FeatureStore::open and StoredFeatures.
DataSplit read_split(const Recipe& recipe, const std::string& name);
// A hash of the split's examples and which image each has: tells whether two processes have the
// same.
std::string fingerprint(const DataSplit& split);
// Fills in `examples`, or `caches`; a pair with an empty line gives none. Throws Error for
// sentences longer than learned positions serve, and where the tokenizer has no piece for one of
// several target languages; as ExampleCache.
void encode_split(DataSplit& split, const Tokenizers& tokenizers, const Recipe& recipe);
// The examples' pieces drawn anew by BPE-dropout with training.bpe_dropout; their number, order and
// the rest stay. Where learned positions end before the drawn pieces do, an example has its
// undropped pieces. Throws as Tokenizer::sample.
void sample_split(DataSplit& split, const Tokenizers& tokenizers, const Recipe& recipe,
                  uint64_t seed);

}  // namespace penalmt
