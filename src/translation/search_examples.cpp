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

// A batch enters the search in so many parts, each as soon as there is room for it.
constexpr int64_t kParts = 2;
constexpr int64_t kScoredRows = 512;  // rows of logits in memory at a time

// The search's view of a cached decoder.
class DecoderSteps : public StepModel {
 public:
  explicit DecoderSteps(std::shared_ptr<const StepWeights> weights)
      : decoder_(std::make_unique<CachedDecoder>(std::move(weights))) {}
  // Rows for these sentences; the first ones since none was open, or behind the others.
  void put_in(const Memory& memory, const std::vector<std::vector<int>>& choices, bool first) {
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

// The examples of a search, read by one worker: batches of its supply, as room comes free.
class ExampleFeed : public SentenceFeed {
 public:
  // tokens: of the sources that are searched at a time at most, where that is a batch or more; 0: a
  // batch is done before the next enters.
  ExampleFeed(const std::vector<SearchedModel>& models, const SearchedExamples& searched,
              std::vector<DecoderSteps>& decoders, BatchSupply& supply, int64_t tokens,
              std::vector<std::vector<Hypothesis>>& found)
      : models_(models),
        searched_(searched),
        decoders_(decoders),
        supply_(supply),
        tokens_(tokens),
        found_(found) {}

  std::vector<SentenceSearch> next() override {
    std::vector<SentenceSearch> sentences;
    while (true) {
      if (waiting_ == nullptr) waiting_ = supply_.next();
      if (waiting_ == nullptr || !has_room()) return sentences;
      put_in(*waiting_, sentences);
      waiting_ = nullptr;
    }
  }

  void done(int64_t sentence, std::vector<Hypothesis> found) override {
    const int64_t example = entered_[sentence];
    --open_;
    open_tokens_ -= length(example);
    found_[example] = std::move(found);
    supply_.done(1);
  }

 private:
  int64_t length(int64_t example) const {
    return static_cast<int64_t>(searched_.examples[example].source.size());
  }

  bool has_room() const {
    if (open_ == 0) return true;
    int64_t tokens = open_tokens_;
    for (const int64_t example : *waiting_) tokens += length(example);
    return tokens <= tokens_;
  }

  void put_in(const std::vector<int64_t>& which, std::vector<SentenceSearch>& sentences) {
    const Batch batch = collate(searched_.examples, which, searched_.images);
    const c10::Device device = models_.front().weights->steps->embedding.device();
    std::vector<std::vector<int>> choices;
    for (const int64_t example : which)
      if (const auto& choice = searched_.sentences[example].choice; !choice.empty())
        choices.push_back(choice);
    for (size_t m = 0; m < models_.size(); ++m)
      decoders_[m].put_in(encoded(*models_[m].model, *models_[m].weights, batch, device), choices,
                          open_ == 0);
    for (const int64_t example : which) {
      entered_.push_back(example);
      ++open_;
      open_tokens_ += length(example);
      sentences.push_back(searched_.sentences[example]);
    }
  }

  const std::vector<SearchedModel>& models_;
  const SearchedExamples& searched_;
  std::vector<DecoderSteps>& decoders_;
  BatchSupply& supply_;
  const int64_t tokens_;
  std::vector<std::vector<Hypothesis>>& found_;
  const std::vector<int64_t>* waiting_ = nullptr;
  std::vector<int64_t> entered_;  // the example of each sentence of the search
  int64_t open_ = 0, open_tokens_ = 0;
};

// Translations drawn by chance, a batch after the other.
void sample_all(StepModel& model, ExampleFeed& feed, const SearchOptions& search) {
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
  c10::InferenceMode guard;
  std::vector<std::vector<Hypothesis>> found(searched.examples.size());
  const c10::Device device = models.front().weights->steps->embedding.device();
  const int workers = worker_count(batches, device);
  const int64_t at_a_time = searched_tokens(batches, device);
  const bool refills = std::all_of(models.begin(), models.end(), [](const SearchedModel& model) {
    return model.weights->steps->can_add();
  });
  const auto work = [&](BatchSupply& supply) {
    std::vector<DecoderSteps> members;
    std::vector<StepModel*> steps;
    for (const SearchedModel& model : models) members.emplace_back(model.weights->steps);
    for (DecoderSteps& member : members) steps.push_back(&member);
    Ensemble ensemble(steps);
    StepModel& whole = steps.size() > 1 ? ensemble : *steps.front();
    ExampleFeed feed(models, searched, members, supply, refills ? at_a_time : 0, found);
    if (search.sampling)
      sample_all(whole, feed, search);
    else
      beam_search(whole, feed, search);
  };
  const int64_t tokens = refills ? std::max<int64_t>(at_a_time / kParts, 1) : at_a_time;
  run_workers(searched.examples, tokens, workers, work, progress);
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
