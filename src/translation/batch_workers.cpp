#include "translation/batch_workers.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <thread>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "tensors/devices.h"

namespace penalmt {
namespace {

constexpr int64_t kBatchTokens = 2048, kSearchedTokens = 256;

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

int worker_count(const BatchOptions& options, c10::Device device) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return !device.is_cpu() ? 1 : options.threads > 0 ? options.threads : cores;
}

int64_t searched_tokens(const BatchOptions& options, c10::Device device) {
  return options.tokens.value_or(device.is_cpu() ? kSearchedTokens : kBatchTokens);
}

void run_workers(const std::vector<Example>& examples, int64_t tokens, int workers,
                 const std::function<void(BatchSupply&)>& work, ProgressPart progress) {
  if (examples.empty()) return;
  BatchSupply supply(
      make_batches(examples, tokens_a_batch(examples, tokens, workers), std::nullopt), progress);
  const SingleThreadedScope one_thread_each;
  const auto work_alone = [&](int64_t) {
    const SingleThreadedScope here;
    c10::InferenceMode guard;
    work(supply);
  };
  if (workers == 1) return work_alone(0);
  parallel_for(workers, workers, work_alone);
}

void run_batches(const std::vector<Example>& examples, const BatchOptions& options,
                 c10::Device device, const std::function<BatchJob()>& new_worker,
                 ProgressPart progress) {
  const auto work = [&](BatchSupply& supply) {
    const BatchJob job = new_worker();
    while (const std::vector<int64_t>* which = supply.next()) {
      job(*which);
      supply.done(static_cast<int64_t>(which->size()));
    }
  };
  run_workers(examples, options.tokens.value_or(kBatchTokens), worker_count(options, device), work,
              progress);
}

Images images_of(const Batch& batch, c10::Device device) {
  if (!batch.images.defined()) return {};
  return {batch.images.to(device, /*non_blocking=*/true), batch.has_image};
}

Sentences sentences_of(const Batch& batch, c10::Device device) {
  return {batch.source, images_of(batch, device), batch.target_input, batch.target_output};
}

}  // namespace penalmt
