#include "translation/batch_workers.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "tensors/devices.h"

namespace penalmt {
namespace {

// Fewer tokens a batch where there would be too few batches for every worker to have one.
int64_t tokens_a_batch(const std::vector<Example>& examples, int64_t tokens, int workers) {
  int64_t all = 0;
  for (const Example& example : examples) all += static_cast<int64_t>(example.source.size());
  return std::clamp<int64_t>(all / workers + 1, 1, tokens);
}

}  // namespace

void run_batches(const std::vector<Example>& examples, const BatchOptions& options,
                 c10::Device device, const std::function<BatchJob()>& new_worker,
                 ProgressPart progress) {
  if (examples.empty()) return;
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int workers = !device.is_cpu() ? 1 : options.threads > 0 ? options.threads : cores;
  const auto batches =
      make_batches(examples, tokens_a_batch(examples, options.tokens, workers), std::nullopt);
  std::atomic<size_t> taken = 0;
  std::mutex progress_mutex;
  const auto work = [&] {
    c10::InferenceMode guard;
    const BatchJob job = new_worker();
    for (size_t n; (n = taken++) < batches.size();) {
      throw_if_interrupted();
      const std::vector<int64_t>& which =
          batches[batches.size() - 1 - n];  // those that end last are short
      job(which);
      if (!progress.whole) continue;
      const std::lock_guard<std::mutex> lock(progress_mutex);
      progress.whole->show(progress.done += static_cast<int64_t>(which.size()));
    }
  };
  const SingleThreadedScope one_thread_each;
  if (workers == 1) return work();
  parallel_for(workers, workers, [&](int64_t) {
    const SingleThreadedScope here;
    work();
  });
}

Images images_of(const Batch& batch, c10::Device device) {
  if (!batch.images.defined()) return {};
  return {batch.images.to(device, /*non_blocking=*/true), batch.has_image};
}

Sentences sentences_of(const Batch& batch, c10::Device device) {
  return {batch.source, images_of(batch, device), batch.target_input, batch.target_output};
}

}  // namespace penalmt
