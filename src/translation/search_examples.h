// Encoded sentences in, hypotheses out: batches, threads, encoder and search.
#pragma once

#include <vector>

#include "base/progress.h"
#include "datasets/batches.h"
#include "datasets/images.h"
#include "decoding/beam_search.h"
#include "models/cached_decoder.h"

namespace penalmt {

struct BatchOptions {
  int64_t tokens = 4096;  // longest source x sentences of a batch at most
  int threads = 0;        // batches in work at a time; 0: one a core. On a GPU there is one at a time.
};

// The n_best hypotheses of each example, in the order of the examples. `model` is in evaluation mode; `images` may be null (no
// picture). The result does not depend on batches and threads but for rounding (scores within 1e-4). `progress`, where
// given, is shown from `done` sentences on. Throws Interrupted after Ctrl-C.
std::vector<std::vector<Hypothesis>> search_examples(TranslationModelImpl& model, const std::vector<Example>& examples,
                                                     const ImageSet* images, const SearchOptions& search,
                                                     const BatchOptions& batches, Progress* progress = nullptr, int64_t done = 0);

// The most tokens that an example's translation may have, the end token included.
int64_t translation_limit(const TranslationModelImpl& model, const Example& example);

}  // namespace penalmt
