// The generated corpus: drawn scenes with English captions that leave one word out, and German and
// French translations that need it. Only a model that looks at the image can be right. Laid out as
// Multi30k, with all its images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "datasets/scenes/left_out_marks.h"

namespace penalmt {

struct ScenesOptions {
  int64_t train = 8000, valid = 500, test = 500;  // scenes; at least 1, 1 and 2
  int64_t size = 64;                              // side of an image, pixels; at least 16
  uint64_t seed = 1;
};

// Writes, all at once when complete:
//   tok/<split>.lc.norm.tok.<en|de|fr>   raw/<split>.<en|de|fr>.gz      splits: train, val, test
//   image_splits/<split>.txt             images/<split>-000001.png
//   image_splits/test.shuffled.txt       the control: every line has another line's image
//   left_out/<split>.<de|fr>.tsv         what scoring reads (left_out_marks.h)
//   README.txt                           what is what, and the chance level
// The same options give the same bytes, whatever the number of threads (0: one a core). Throws
// Error where `folder` is a file or has anything in it; as AtomicFolder (base/files.h);
// MachineError where a text cannot be compressed; Interrupted after Ctrl-C.
void write_scenes_corpus(const std::filesystem::path& folder, const ScenesOptions& options,
                         int threads = 0);

// A random order of 0 ... count - 1 in which nothing keeps its place; each such order is equally
// likely. count at least 2.
std::vector<int64_t> derangement(int64_t count, uint64_t seed);

}  // namespace penalmt
