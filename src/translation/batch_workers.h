// Examples in batches, batches on worker threads.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <vector>

#include "base/progress.h"
#include "datasets/batches.h"
#include "models/translation_model.h"

namespace penalmt {

struct BatchOptions {
  int64_t tokens = 2048;  // longest sentence x sentences of a batch at most
  int threads = 0;  // batches in work at a time; 0: one a core. On a GPU there is one at a time.
};

// What a worker does with a batch: positions in the examples. It runs in inference mode with one
// thread of LibTorch's own.
using BatchJob = std::function<void(const std::vector<int64_t>& which)>;

// Every example is in one batch; batches go to whichever worker is free, long ones first.
// `new_worker` is called once in each worker's thread; progress counts sentences. Throws
// Interrupted after Ctrl-C, and what a job or `new_worker` throws.
void run_batches(const std::vector<Example>& examples, const BatchOptions& options,
                 c10::Device device, const std::function<BatchJob()>& new_worker,
                 ProgressPart progress = {});

// A batch as the model takes it.
Sentences sentences_of(const Batch& batch, c10::Device device);
// Its images alone, on the model's device.
Images images_of(const Batch& batch, c10::Device device);

}  // namespace penalmt
