// Batches of tensors on worker threads.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "base/progress.h"
#include "datasets/batches.h"
#include "models/translation_model.h"
#include "translation/workers.h"

namespace penalmt {

// run_workers for work on tensors: each thread is in inference mode, with one thread of LibTorch's
// own.
void run_tensor_workers(const std::vector<Example>& examples, int64_t tokens, int workers,
                        const std::function<void(BatchSupply&)>& work, ProgressPart progress = {});

// On the CPU as translation/workers.h says; on a GPU one worker, and 2048 tokens where
// options.tokens says nothing.
int worker_count(const BatchOptions& options, c10::Device device);
int64_t searched_tokens(const BatchOptions& options, c10::Device device);

// What a worker does with a batch: positions in the examples.
using BatchJob = std::function<void(const std::vector<int64_t>& which)>;

// run_tensor_workers where a batch is done before the next is taken. `new_worker` is called once in
// each worker's thread; progress counts sentences. Throws Interrupted after Ctrl-C, and what a job
// or `new_worker` throws.
void run_batches(const std::vector<Example>& examples, const BatchOptions& options,
                 c10::Device device, const std::function<BatchJob()>& new_worker,
                 ProgressPart progress = {});

// A batch as the model takes it.
Sentences sentences_of(const Batch& batch, c10::Device device);
// Its images alone, on the model's device.
Images images_of(const Batch& batch, c10::Device device);

}  // namespace penalmt
