// Examples gathered into tensors and padded.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "datasets/examples.h"

namespace penalmt {

class ImageSet;

// Rows are padded with 0 at the end.
struct Batch {
  at::Tensor source;          // [B, S] int64
  at::Tensor source_lengths;  // [B] int64, EOS counted
  at::Tensor target_input;    // [B, T] int64: BOS, words; undefined when no example has a target
  at::Tensor target_output;   // [B, T] int64: words, EOS
  at::Tensor ids;             // [B] int64
  at::Tensor images;          // [P, 3, H, W] or [P, R, F]: ImageSet::rows of those that have one;
                              // undefined where none has
  at::Tensor has_image;       // [B] bool, true where there is an image
  int64_t target_tokens = 0;  // of target_output, padding not counted
};

// `images` may be null. Every example has a target, or none has. Throws as ImageSet::rows.
Batch collate(const std::vector<Example>& examples, const std::vector<int64_t>& which,
              const ImageSet* images);

}  // namespace penalmt
