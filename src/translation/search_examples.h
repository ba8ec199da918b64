// Encoded sentences in, hypotheses or log probabilities out.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "datasets/images/decoded_images.h"
#include "decoding/search_options.h"
#include "models/incremental/cached_decoder.h"
#include "tensors/packed_linear.h"
#include "translation/batch_workers.h"
#include "translation/row_search.h"

namespace penalmt {

// A model's weights laid out for translating: once for many calls. Never changes, nor may the
// model's.
struct SearchWeights {
  // As StepWeights (models/incremental/cached_decoder.h).
  SearchWeights(TranslationModelImpl& model, ProductFormat format, bool renormalized);
  std::shared_ptr<const StepWeights> steps;
  // On the CPU what comes before the decoder: of a model of rows alone (row_search.h) its encoder,
  // of another one its matrices.
  std::optional<RowStack> row_encoder;
  PackedMatrices matrices;
};

// A model to search with, on its own or with others of one vocabulary (decoding/ensemble.h).
struct SearchedModel {
  TranslationModelImpl* model;  // in evaluation mode
  std::shared_ptr<const SearchWeights> weights;
};

struct SearchedExamples {
  const std::vector<Example>& examples;
  const std::vector<SentenceSearch>& sentences;  // what the search is told of each
  const ImageSet* images;  // null: none has an image; models of text alone do not see them
};

// The n_best hypotheses of each example, in the order of the examples. The result does not depend
// on batches and threads: to the bit on the CPU in float32 and int8 where sentences are packed
// (TranslationModelImpl::packs) and there is no image, else but for rounding (scores within 1e-4).
// Throws as run_batches and ImageSet::rows.
std::vector<std::vector<Hypothesis>> search_examples(const std::vector<SearchedModel>& models,
                                                     const SearchedExamples& searched,
                                                     const SearchOptions& search,
                                                     const BatchOptions& batches,
                                                     ProgressPart progress = {});

// The log probability of each example's target given its source, the end token included. Conditions
// as above.
std::vector<double> score_examples(TranslationModelImpl& model,
                                   const std::vector<Example>& examples, const ImageSet* images,
                                   const BatchOptions& batches, ProgressPart progress = {});

}  // namespace penalmt
