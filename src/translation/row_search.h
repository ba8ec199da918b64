// Encoded sentences in, hypotheses out: by one text model on the CPU in float32, without LibTorch.
#pragma once

#include <memory>
#include <vector>

#include "base/progress.h"
#include "decoding/search_options.h"
#include "models/incremental/row_decoder.h"
#include "models/incremental/row_encoder.h"
#include "models/model_description.h"
#include "translation/example_feed.h"

namespace penalmt {

// Never changes: threads share one.
struct RowModel {
  RowStack encoder;
  std::shared_ptr<const RowWeights> decoder;
};

// Whether rows can be all there is to it: a model of text alone whose heads the kernel takes
// (attention_kernels.h).
bool is_row_model(const ModelOptions& options);
// Throws as row_weights.
RowModel row_model(const ModelDescription& description, const ParameterSource& source,
                   const PackMatrix& pack);

// Rows of the decoder for these examples, as ExampleFeed::Enter says.
void put_in(const std::vector<Example>& examples, const std::vector<int64_t>& which,
            const std::vector<std::vector<int>>& choices, bool first, RowEncoder& encoder,
            RowDecoder& decoder);

// The n_best hypotheses of each example, in the order of the examples. The result does not depend
// on batches and threads, to the bit in float32 and int8. Throws as run_workers. search: without
// sampling.
std::vector<std::vector<Hypothesis>> search_rows(const RowModel& model,
                                                 const SearchedSentences& searched,
                                                 const SearchOptions& search,
                                                 const BatchOptions& batches,
                                                 ProgressPart progress = {});

}  // namespace penalmt
