#include "translation/row_search.h"

#include <algorithm>

#include "decoding/beam_search.h"

namespace penalmt {
namespace {

class RowSteps : public StepModel {
 public:
  explicit RowSteps(RowDecoder& decoder) : decoder_(decoder) {}
  Candidates advance_best(const std::vector<int>& tokens, const CandidateRule& rule) override {
    return decoder_.best(decoder_.advance(tokens), rule);
  }
  void reorder(const std::vector<int64_t>& rows) override { decoder_.reorder(rows); }

 private:
  RowDecoder& decoder_;
};

}  // namespace

bool is_row_model(const ModelOptions& options) {
  return !options.uses_images() && options.width / options.heads % 16 == 0;
}

RowModel row_model(const ModelDescription& description, const ParameterSource& source,
                   const PackMatrix& pack) {
  return {row_encoder_weights(description.model, description.source_vocabulary, source, pack),
          std::make_shared<const RowWeights>(row_weights(description.model,
                                                         description.target_vocabulary, source,
                                                         pack, description.decoding.renormalize))};
}

void put_in(const std::vector<Example>& examples, const std::vector<int64_t>& which,
            const std::vector<std::vector<int>>& choices, bool first, RowEncoder& encoder,
            RowDecoder& decoder) {
  std::vector<int> tokens;
  std::vector<int64_t> lengths;
  for (const int64_t example : which) {
    const std::vector<int>& source = examples[example].source;
    tokens.insert(tokens.end(), source.begin(), source.end());
    lengths.push_back(static_cast<int64_t>(source.size()));
  }
  if (first) decoder.clear();
  decoder.add(encoder.encode(tokens, lengths), lengths, choices);
}

std::vector<std::vector<Hypothesis>> search_rows(const RowModel& model,
                                                 const SearchedSentences& searched,
                                                 const SearchOptions& search,
                                                 const BatchOptions& batches,
                                                 ProgressPart progress) {
  std::vector<std::vector<Hypothesis>> found(searched.examples.size());
  const int64_t at_a_time = searched_tokens(batches);
  const auto work = [&](BatchSupply& supply) {
    RowEncoder encoder(model.encoder);
    RowDecoder decoder(model.decoder);
    RowSteps steps(decoder);
    const auto enter = [&](const std::vector<int64_t>& which,
                           const std::vector<std::vector<int>>& choices, bool first) {
      put_in(searched.examples, which, choices, first, encoder, decoder);
    };
    ExampleFeed feed(searched, supply, at_a_time, enter, found);
    beam_search(steps, feed, search);
  };
  run_workers(searched.examples, entering_tokens(at_a_time), worker_count(batches), work, progress);
  return found;
}

}  // namespace penalmt
