// Examples in batches, batches on worker threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "datasets/examples.h"

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

// Threads that take batches of at most `tokens` tokens for as long as there are any; `work` is
// called once in each of them. Every example is in one batch. Throws what `work` throws.
void run_workers(const std::vector<Example>& examples, int64_t tokens, int workers,
                 const std::function<void(BatchSupply&)>& work, ProgressPart progress = {});

// How many of them on the CPU: options.threads.
int worker_count(const BatchOptions& options);
// options.tokens, or what stands there for nothing in a search on the CPU.
int64_t searched_tokens(const BatchOptions& options);

}  // namespace penalmt
