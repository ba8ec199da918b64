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

// A model that is searched by one worker.
class DecoderSteps : public TensorStepModel {
 public:
  explicit DecoderSteps(const SearchedModel& model)
      : model_(model),
        decoder_(std::make_unique<CachedDecoder>(model.weights->steps)),
        encoder_(model.weights->row_encoder
                     ? std::make_unique<RowEncoder>(*model.weights->row_encoder)
                     : nullptr) {}
  // Whether put_in wants the batch.
  bool takes_tensors() const { return encoder_ == nullptr; }
  // Rows for these examples, as ExampleFeed::Enter says. `batch`: of them.
  void put_in(const SearchedExamples& searched, const std::vector<int64_t>& which,
              const Batch& batch, const std::vector<std::vector<int>>& choices, bool first) {
    if (encoder_)
      return penalmt::put_in(searched.examples, which, choices, first, *encoder_,
                             *decoder_->rows());
    const Memory memory = encoded(batch);
    first ? decoder_->start(memory, choices) : decoder_->add(memory, choices);
  }
  at::Tensor advance(const std::vector<int>& tokens) override {
    return decoder_->logits(decoder_->advance(tokens));
  }
  void reorder(const std::vector<int64_t>& rows) override { decoder_->reorder(rows); }
  Candidates advance_best(const std::vector<int>& tokens, const CandidateRule& rule) override {
    return decoder_->best(decoder_->advance(tokens), rule);
  }

 private:
  Memory encoded(const Batch& batch) const {
    TranslationModelImpl& model = *model_.model;
    const c10::Device device = model_.weights->steps->device;
    const PackedMatricesScope scope(model_.weights->matrices);
    const Images images = model.options().uses_images() ? images_of(batch, device) : Images{};
    if (device.is_cpu() && model.packs()) return model.encode_packed(batch.source, images);
    return model.encode(batch.source.to(device), images);
  }

  const SearchedModel& model_;
  std::unique_ptr<CachedDecoder> decoder_;
  std::unique_ptr<RowEncoder> encoder_;  // null: the model's own
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

// Translations drawn by chance, a batch after the other.
void sample_all(TensorStepModel& model, ExampleFeed& feed, const SearchOptions& search) {
  int64_t done = 0;
  for (;;) {
    const std::vector<SentenceSearch> sentences = feed.next();
    if (sentences.empty()) return;
    for (auto& of_sentence : sample(model, sentences, search))
      feed.done(done++, std::move(of_sentence));
  }
}

}  // namespace

SearchWeights::SearchWeights(TranslationModelImpl& model, ProductFormat format, bool renormalized)
    : steps(std::make_shared<const StepWeights>(model, format, renormalized)) {
  if (!steps->uses_cpu_kernels()) return;
  if (is_row_model(model.options())) {
    row_encoder = row_encoder_weights(model.options(), model.source_vocabulary(),
                                      parameters_of(model), packer(format));
    return;
  }
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    const auto* linear = module.value()->as<LinearImpl>();
    if (linear == nullptr || module.key().starts_with("decoder.")) continue;
    const bool is_text = module.key().starts_with("encoder.");
    matrices.emplace(
        linear->weight.const_data_ptr(),
        packed_matrix(linear->weight, linear->bias, is_text ? format : ProductFormat::kFloat32));
  }
}

std::vector<std::vector<Hypothesis>> search_examples(const std::vector<SearchedModel>& models,
                                                     const SearchedExamples& searched,
                                                     const SearchOptions& search,
                                                     const BatchOptions& batches,
                                                     ProgressPart progress) {
  c10::InferenceMode guard;
  std::vector<std::vector<Hypothesis>> found(searched.examples.size());
  const c10::Device device = models.front().weights->steps->device;
  const int workers = worker_count(batches, device);
  const int64_t at_a_time = searched_tokens(batches, device);
  const bool refills = std::all_of(models.begin(), models.end(), [](const SearchedModel& model) {
    return model.weights->steps->can_add();
  });
  const auto work = [&](BatchSupply& supply) {
    std::vector<std::unique_ptr<DecoderSteps>> members;
    std::vector<TensorStepModel*> steps;
    for (const SearchedModel& model : models)
      steps.push_back(members.emplace_back(std::make_unique<DecoderSteps>(model)).get());
    const bool take_tensors = std::any_of(members.begin(), members.end(),
                                          [](const auto& each) { return each->takes_tensors(); });
    const auto enter = [&](const std::vector<int64_t>& which,
                           const std::vector<std::vector<int>>& choices, bool first) {
      Batch batch;
      if (take_tensors) batch = collate(searched.examples, which, searched.images);
      for (const auto& member : members) member->put_in(searched, which, batch, choices, first);
    };
    Ensemble ensemble(steps);
    TensorStepModel& whole = steps.size() > 1 ? ensemble : *steps.front();
    const SearchedSentences sentences{searched.examples, searched.sentences};
    ExampleFeed feed(sentences, supply, refills ? at_a_time : 0, enter, found);
    if (search.sampling)
      sample_all(whole, feed, search);
    else
      beam_search(whole, feed, search);
  };
  const int64_t tokens = refills ? entering_tokens(at_a_time) : at_a_time;
  run_tensor_workers(searched.examples, tokens, workers, work, progress);
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
