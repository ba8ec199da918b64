// Examples in batches, batches on worker threads.
#pragma once

#include <c10/core/Device.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/progress.h"
#include "datasets/batches.h"
#include "models/translation_model.h"

namespace penalmt {

struct BatchOptions {
  // Longest sentence x sentences of a batch at most. Nothing: on the CPU 256 in a search, which
  // takes new sentences in as others end (more are no faster, and take more memory: their keys and
  // values leave the processor's second cache), else 2048.
  std::optional<int64_t> tokens;
  int threads = 0;  // batches in work at a time; 0: one a core. On a GPU there is one at a time.
};

// The batches of all workers: positions in the examples, long ones first.
class BatchSupply {
 public:
  BatchSupply(std::vector<std::vector<int64_t>> batches, ProgressPart progress)
      : batches_(std::move(batches)), progress_(progress) {}
  // The next one; null: there is none left. Throws Interrupted after Ctrl-C.
  const std::vector<int64_t>* next();
  // So many sentences are done.
  void done(int64_t sentences);

 private:
  const std::vector<std::vector<int64_t>> batches_;
  std::atomic<size_t> taken_ = 0;
  ProgressPart progress_;
  std::mutex progress_mutex_;
};

// Threads that take batches of at most `tokens` tokens for as long as there are any, each in
// inference mode with one thread of LibTorch's own; `work` is called once in each of them. Every
// example is in one batch. Throws what `work` throws.
void run_workers(const std::vector<Example>& examples, int64_t tokens, int workers,
                 const std::function<void(BatchSupply&)>& work, ProgressPart progress = {});

// How many of them: options.threads, one on a GPU.
int worker_count(const BatchOptions& options, c10::Device device);
// options.tokens, or what stands there for nothing.
int64_t searched_tokens(const BatchOptions& options, c10::Device device);

// What a worker does with a batch: positions in the examples.
using BatchJob = std::function<void(const std::vector<int64_t>& which)>;

// The same, where a batch is done before the next is taken. `new_worker` is called once in each
// worker's thread; progress counts sentences. Throws Interrupted after Ctrl-C, and what a job or
// `new_worker` throws.
void run_batches(const std::vector<Example>& examples, const BatchOptions& options,
                 c10::Device device, const std::function<BatchJob()>& new_worker,
                 ProgressPart progress = {});

// A batch as the model takes it.
Sentences sentences_of(const Batch& batch, c10::Device device);
// Its images alone, on the model's device.
Images images_of(const Batch& batch, c10::Device device);

}  // namespace penalmt
