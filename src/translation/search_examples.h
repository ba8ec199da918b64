// Encoded sentences in, hypotheses or log probabilities out.
#pragma once

#include <memory>
#include <vector>

#include "datasets/images/decoded_images.h"
#include "decoding/beam_search.h"
#include "models/incremental/cached_decoder.h"
#include "translation/batch_workers.h"

namespace penalmt {

// A model's weights laid out for translating: once for many calls. Never changes, nor may the
// model's.
struct SearchWeights {
  SearchWeights(TranslationModelImpl& model, ProductFormat format);
  std::shared_ptr<const StepWeights> steps;
  PackedMatrices encoder;  // all that comes before the decoder; on the CPU
};

// The n_best hypotheses of each example, in the order of the examples. `model` is in evaluation
// mode; `images` may be null (no image). The result does not depend on batches and threads: to the
// bit on the CPU in float32 and int8 where sentences are packed (TranslationModelImpl::packs) and
// there is no image, else but for rounding (scores within 1e-4). Throws as run_batches and
// ImageSet::rows.
std::vector<std::vector<Hypothesis>> search_examples(
    TranslationModelImpl& model, const SearchWeights& weights, const std::vector<Example>& examples,
    const ImageSet* images, const SearchOptions& search, const BatchOptions& batches,
    ProgressPart progress = {});

// The most tokens that an example's translation may have, the end token included.
int64_t translation_limit(const TranslationModelImpl& model, const Example& example);

// The log probability of each example's target given its source, the end token included. Conditions
// as above.
std::vector<double> score_examples(TranslationModelImpl& model,
                                   const std::vector<Example>& examples, const ImageSet* images,
                                   const BatchOptions& batches, ProgressPart progress = {});

}  // namespace penalmt
