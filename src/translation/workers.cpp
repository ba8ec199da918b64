#include "translation/workers.h"

#include <algorithm>
#include <thread>

#include "base/interrupt.h"
#include "base/parallel.h"

namespace penalmt {
namespace {

constexpr int64_t kSearchedTokens = 256;

// Fewer tokens a batch where there would be too few batches for every worker to have one.
int64_t tokens_a_batch(const std::vector<Example>& examples, int64_t tokens, int workers) {
  int64_t all = 0;
  for (const Example& example : examples) all += static_cast<int64_t>(example.source.size());
  return std::clamp<int64_t>(all / workers + 1, 1, tokens);
}

}  // namespace

const std::vector<int64_t>* BatchSupply::next() {
  throw_if_interrupted();
  const size_t n = taken_++;
  if (n >= batches_.size()) return nullptr;
  return &batches_[batches_.size() - 1 - n];  // those that end last are short
}

void BatchSupply::done(int64_t sentences) {
  if (!progress_.whole) return;
  const std::lock_guard<std::mutex> lock(progress_mutex_);
  progress_.whole->show(progress_.done += sentences);
}

int worker_count(const BatchOptions& options) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return options.threads > 0 ? options.threads : cores;
}

int64_t searched_tokens(const BatchOptions& options) {
  return options.tokens.value_or(kSearchedTokens);
}

void run_workers(const std::vector<Example>& examples, int64_t tokens, int workers,
                 const std::function<void(BatchSupply&)>& work, ProgressPart progress) {
  if (examples.empty()) return;
  BatchSupply supply(
      make_batches(examples, tokens_a_batch(examples, tokens, workers), std::nullopt), progress);
  if (workers == 1) return work(supply);
  parallel_for(workers, workers, [&](int64_t) { work(supply); });
}

}  // namespace penalmt
