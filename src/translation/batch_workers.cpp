#include "translation/batch_workers.h"

#include <c10/core/InferenceMode.h>

#include "tensors/devices.h"

namespace penalmt {
namespace {

constexpr int64_t kBatchTokens = 2048;

}  // namespace

int worker_count(const BatchOptions& options, c10::Device device) {
  return device.is_cpu() ? worker_count(options) : 1;
}

int64_t searched_tokens(const BatchOptions& options, c10::Device device) {
  return device.is_cpu() ? searched_tokens(options) : options.tokens.value_or(kBatchTokens);
}

void run_tensor_workers(const std::vector<Example>& examples, int64_t tokens, int workers,
                        const std::function<void(BatchSupply&)>& work, ProgressPart progress) {
  const SingleThreadedScope one_thread_each;
  const auto work_alone = [&](BatchSupply& supply) {
    const SingleThreadedScope here;
    c10::InferenceMode guard;
    work(supply);
  };
  run_workers(examples, tokens, workers, work_alone, progress);
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
  run_tensor_workers(examples, options.tokens.value_or(kBatchTokens), worker_count(options, device),
                     work, progress);
}

Images images_of(const Batch& batch, c10::Device device) {
  if (!batch.images.defined()) return {};
  return {batch.images.to(device, /*non_blocking=*/true), batch.has_image};
}

Sentences sentences_of(const Batch& batch, c10::Device device) {
  return {batch.source, images_of(batch, device), batch.target_input, batch.target_output};
}

}  // namespace penalmt
