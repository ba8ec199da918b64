// Images as a model's own encoder sees them: each is encoded once, for many looks at it.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "datasets/image_set.h"
#include "models/image_encoder.h"
#include "translation/batch_workers.h"

namespace penalmt {

class SeenImages : public ImageSet {
 public:
  // `encoder` is in evaluation mode, on `device`. Encodes the images that the set's lines have,
  // some at a time, on batches.threads threads. The same images give the same regions whatever the
  // lines are. Throws as ImageSet::rows, and Interrupted after Ctrl-C.
  SeenImages(const ImageSet& images, ImageEncoder& encoder, c10::Device device,
             const BatchOptions& batches);

  // [P, R, F], on the encoder's device.
  at::Tensor rows(const std::vector<int64_t>& which) const override;

 private:
  at::Tensor regions_;  // [N, R, F]
};

}  // namespace penalmt
