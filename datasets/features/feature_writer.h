// A feature store, written row by row in the order of its images. What an interrupted run leaves is
// two files:
//
//   STORE.partial    the store up to now: room for its header, then the rows of the images that
//                    were kept
//   STORE.journal    a line of JSON that says what is being made, then a character an image:
//                    + kept, - passed over
//
// A row is on the disk before its character is. finish() writes the header and moves the file to
// its place.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "datasets/features/feature_store.h"

namespace penalmt {

struct StorePlan {
  std::vector<std::string> names;  // the images, each once
  std::string encoder;
  FeatureShape shape;
  bool half = true;  // float16, else float32
};

// How a store that is there differs from one of this plan: "got features of 'a', fp32; expected
// 'b', fp16"; "" where it was made by the same encoder in the same precision.
std::string other_kind(const FeatureStore& there, const StorePlan& plan);
// The plan's images that such a store has no row of.
std::vector<std::string> missing_names(const FeatureStore& there, const StorePlan& plan);

class FeatureWriter {
 public:
  // `path` ends in .safetensors or .npy. With `resume` it goes on with what an interrupted run
  // left, where there is such a thing. Throws Error where that was made from another plan or is
  // damaged, without `resume` where there is such a thing, for another ending, and where another
  // process writes the store; as write_file (base/files.h).
  FeatureWriter(const std::filesystem::path& path, StorePlan plan, bool resume);
  ~FeatureWriter();  // keeps what was written, unless that is nothing, or nothing can come of it
  FeatureWriter(const FeatureWriter&) = delete;
  FeatureWriter& operator=(const FeatureWriter&) = delete;

  const StorePlan& plan() const;
  int64_t done() const;  // images of the plan that were kept or passed over
  int64_t kept() const;

  // The next kept.size() images of the plan; `features` [P, R, F], float32 on the CPU, has a row
  // for each `true`. Throws Error where a number is not finite, or too large for float16; as
  // write_file.
  void add(const at::Tensor& features, const std::vector<bool>& kept);

  // Throws Error where not one image was kept; as write_file.
  void finish();

 private:
  bool has_nothing() const;  // all images were passed over

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penalmt
