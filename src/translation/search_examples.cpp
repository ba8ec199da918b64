#include "translation/search_examples.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {
namespace {

static_assert(kStartToken == kBos && kEndToken == kEos && kPad < kFirstWritableToken);

// The search's view of a cached decoder.
class DecoderSteps : public StepModel {
 public:
  explicit DecoderSteps(CachedDecoder& decoder) : decoder_(decoder) {}
  at::Tensor advance(const std::vector<int>& tokens) override { return decoder_.logits(decoder_.advance(tokens)); }
  void reorder(const std::vector<int64_t>& rows) override { decoder_.reorder(rows); }
  Candidates advance_best(const std::vector<int>& tokens, const CandidateRule& rule) override {
    return decoder_.best(decoder_.advance(tokens), rule);
  }

 private:
  CachedDecoder& decoder_;
};

// One thread of LibTorch's own for each worker; as before at the end.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

// Fewer tokens a batch where there would be too few batches for every worker to have one.
int64_t tokens_a_batch(const std::vector<Example>& examples, int64_t tokens, int workers) {
  int64_t all = 0;
  for (const Example& example : examples) all += static_cast<int64_t>(example.source.size());
  return std::clamp<int64_t>(all / workers + 1, 1, tokens);
}

}  // namespace

int64_t translation_limit(const TranslationModelImpl& model, const Example& example) {
  const int64_t limit = longest_translation(static_cast<int64_t>(example.source.size()));
  return model.options().positions == "learned" ? std::min(limit, model.options().longest) : limit;
}

std::vector<std::vector<Hypothesis>> search_examples(TranslationModelImpl& model, const std::vector<Example>& examples,
                                                     const ImageSet* images, const SearchOptions& search,
                                                     const BatchOptions& batch_options, Progress* progress, int64_t done) {
  c10::InferenceMode guard;
  std::vector<std::vector<Hypothesis>> found(examples.size());
  if (examples.empty()) return found;
  const auto weights = std::make_shared<const StepWeights>(model);
  const c10::Device device = weights->embedding.device();
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int workers = !device.is_cpu() ? 1 : batch_options.threads > 0 ? batch_options.threads : cores;
  const auto batches = make_batches(examples, tokens_a_batch(examples, batch_options.tokens, workers), std::nullopt);

  std::atomic<size_t> taken = 0;
  std::mutex progress_mutex;
  const auto work = [&](int64_t) {
    c10::InferenceMode worker_guard;
    CachedDecoder decoder(weights);
    DecoderSteps steps(decoder);
    for (size_t n; (n = taken++) < batches.size();) {
      throw_if_interrupted();
      const std::vector<int64_t>& which = batches[batches.size() - 1 - n];  // the longest first: the last ones to end are short
      const Batch batch = collate(examples, which, images);
      Pictures pictures;
      if (batch.images.defined()) pictures = {batch.images.to(device), batch.has_image.to(device)};
      decoder.start(model.encode(batch.source.to(device), pictures));
      std::vector<int64_t> limits;
      for (int64_t i : which) limits.push_back(translation_limit(model, examples[i]));
      auto of_batch = beam_search(steps, limits, search);
      for (size_t b = 0; b < which.size(); ++b) found[which[b]] = std::move(of_batch[b]);
      if (!progress) continue;
      const std::lock_guard<std::mutex> lock(progress_mutex);
      progress->show(done += static_cast<int64_t>(which.size()));
    }
  };
  const OneThread one_thread;
  if (workers == 1) work(0);
  else
    parallel_for(workers, workers, [&](int64_t worker) {
      at::set_num_threads(1);
      work(worker);
    });
  return found;
}

}  // namespace penalmt
