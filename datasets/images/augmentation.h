// Images changed at random before they are trained on.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace penalmt {

struct Augmentation {
  int64_t crop = 4;  // pixels of grey put around an image before a square of its own size is cut
                     // out anywhere; 0: none
  bool flip = true;  // left and right change places for every second image
};

// The rows `which` of pixels [N, 3, size, size] uint8, each changed as drawn from (seed, epoch, its
// row) alone: the batch does not matter, and a run that is continued draws what it would have
// drawn. [B, 3, size, size]
at::Tensor augmented(const at::Tensor& pixels, const std::vector<int64_t>& which,
                     const Augmentation& options, uint64_t seed, int64_t epoch);

}  // namespace penalmt
