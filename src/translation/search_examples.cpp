#include "translation/search_examples.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "decoding/beam_search.h"
#include "decoding/ensemble.h"
#include "decoding/sampling.h"
#include "models/incremental/cached_decoder.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {
namespace {

constexpr int64_t kScoredRows = 512;  // rows of logits in memory at a time

// The search's view of a cached decoder.
class DecoderSteps : public StepModel {
 public:
  explicit DecoderSteps(std::shared_ptr<const StepWeights> weights)
      : decoder_(std::make_unique<CachedDecoder>(std::move(weights))) {}
  void start(const Memory& memory, const std::vector<std::vector<int>>& choices) {
    decoder_->start(memory, choices);
  }
  at::Tensor advance(const std::vector<int>& tokens) override {
    return decoder_->logits(decoder_->advance(tokens));
  }
  void reorder(const std::vector<int64_t>& rows) override { decoder_->reorder(rows); }
  Candidates advance_best(const std::vector<int>& tokens, const CandidateRule& rule) override {
    return decoder_->best(decoder_->advance(tokens), rule);
  }

 private:
  std::unique_ptr<CachedDecoder> decoder_;
};

// The log probability of each target token. states: [N, C], tokens: [N] → [N] double, on the CPU.
at::Tensor token_log_probabilities(TranslationModelImpl& model, const at::Tensor& states,
                                   const at::Tensor& tokens) {
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < states.size(0); first += kScoredRows) {
    const int64_t rows = std::min(kScoredRows, states.size(0) - first);
    const at::Tensor scores =
        at::log_softmax(model.logits(states.narrow(0, first, rows)), -1, at::kFloat);  // [rows, V]
    parts.push_back(scores.gather(1, tokens.narrow(0, first, rows).unsqueeze(1)).squeeze(1));
  }
  return at::cat(parts).cpu().to(at::kDouble);
}

Memory encoded(TranslationModelImpl& model, const SearchWeights& weights, const Batch& batch,
               c10::Device device) {
  const PackedMatricesScope scope(weights.encoder);
  const Images images = model.options().uses_images() ? images_of(batch, device) : Images{};
  if (device.is_cpu() && model.packs()) return model.encode_packed(batch.source, images);
  return model.encode(batch.source.to(device), images);
}

}  // namespace

SearchWeights::SearchWeights(TranslationModelImpl& model, ProductFormat format, bool renormalized)
    : steps(std::make_shared<const StepWeights>(model, format, renormalized)) {
  if (!steps->uses_cpu_kernels()) return;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    const auto* linear = module.value()->as<LinearImpl>();
    if (linear == nullptr || module.key().starts_with("decoder.")) continue;
    const bool is_text = module.key().starts_with("encoder.");
    encoder.emplace(linear->weight.const_data_ptr(),
                    PackedMatrix(linear->weight.detach(), linear->bias.detach(),
                                 is_text ? format : ProductFormat::float32));
  }
}

SentenceSearch sentence_search(const TranslationModelImpl& model, const SearchOptions& options,
                               int64_t source_length, std::vector<int> prefix) {
  const auto begun = static_cast<int64_t>(prefix.size());
  int64_t limit =
      options.max_length > 0 ? options.max_length + 1 : begun + longest_translation(source_length);
  limit = std::max(limit, std::max(begun, options.min_length) + 1);
  if (model.options().positions == "learned") limit = std::min(limit, model.options().longest);
  return {.limit = limit, .prefix = std::move(prefix)};
}

std::vector<std::vector<Hypothesis>> search_examples(const std::vector<SearchedModel>& models,
                                                     const SearchedExamples& searched,
                                                     const SearchOptions& search,
                                                     const BatchOptions& batches,
                                                     ProgressPart progress) {
  const auto& [examples, sentences, images] = searched;
  c10::InferenceMode guard;
  std::vector<std::vector<Hypothesis>> found(examples.size());
  const c10::Device device = models.front().weights->steps->embedding.device();
  const auto new_worker = [&]() -> BatchJob {
    auto members = std::make_shared<std::vector<DecoderSteps>>();
    for (const SearchedModel& member : models) members->emplace_back(member.weights->steps);
    return [&, members](const std::vector<int64_t>& which) {
      const Batch batch = collate(examples, which, images);
      std::vector<SentenceSearch> of_batch;
      std::vector<std::vector<int>> choices;
      for (int64_t i : which) {
        of_batch.push_back(sentences[i]);
        if (!sentences[i].choice.empty()) choices.push_back(sentences[i].choice);
      }
      std::vector<StepModel*> steps;
      for (size_t m = 0; m < models.size(); ++m) {
        (*members)[m].start(encoded(*models[m].model, *models[m].weights, batch, device), choices);
        steps.push_back(&(*members)[m]);
      }
      Ensemble ensemble(steps);
      StepModel& whole = steps.size() > 1 ? ensemble : *steps.front();
      auto hypotheses =
          search.sampling ? sample(whole, of_batch, search) : beam_search(whole, of_batch, search);
      for (size_t b = 0; b < which.size(); ++b) found[which[b]] = std::move(hypotheses[b]);
    };
  };
  run_batches(examples, batches, device, new_worker, progress);
  return found;
}

std::vector<double> score_examples(TranslationModelImpl& model,
                                   const std::vector<Example>& examples, const ImageSet* images,
                                   const BatchOptions& batches, ProgressPart progress) {
  c10::InferenceMode guard;
  std::vector<double> scores(examples.size(), 0);
  const c10::Device device = model.output_embedding().device();
  const auto new_worker = [&]() -> BatchJob {
    return [&](const std::vector<int64_t>& which) {
      const Batch batch = collate(examples, which, images);
      const Memory memory = model.encode(batch.source.to(device), images_of(batch, device));
      const at::Tensor states = model.decode(batch.target_input.to(device), memory);  // [B, T, C]
      at::Tensor of_tokens = token_log_probabilities(model, states.flatten(0, 1),
                                                     batch.target_output.flatten().to(device));
      const at::Tensor real = batch.target_output.ne(kPad);  // [B, T]
      const at::Tensor sums =
          of_tokens.view(real.sizes()).masked_fill(real.logical_not(), 0).sum(1);
      for (size_t b = 0; b < which.size(); ++b) scores[which[b]] = sums.const_data_ptr<double>()[b];
    };
  };
  run_batches(examples, batches, device, new_worker, progress);
  return scores;
}

}  // namespace penalmt
