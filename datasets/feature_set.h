// Pictures as vectors: rows of a feature store, or what an exported encoder makes of picture files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "datasets/exported_encoder.h"
#include "datasets/feature_store.h"
#include "datasets/picture_set.h"

namespace penalmt {

// The pictures that a list names, found in a store by their names; rows are read from the store's map when asked for.
// An empty line, or a name that the store has not, has no row. Throws Error where there are lines and the store has not
// one of them.
class StoredFeatures : public PictureSet {
 public:
  // `place`: what the store is called in errors.
  StoredFeatures(const std::vector<std::string>& names, FeatureStore store, const std::string& place);
  at::Tensor rows(const std::vector<int64_t>& which) const override { return store_.rows(which); }

 private:
  FeatureStore store_;
};

// The pictures that a list names, as files below `root`, encoded at once. Missing files as in ImageSet.
class EncodedImages : public PictureSet {
 public:
  EncodedImages(const std::vector<std::string>& names, const std::filesystem::path& root, const ExportedEncoder& encoder,
                int threads);
  at::Tensor rows(const std::vector<int64_t>& which) const override;

 private:
  at::Tensor features_;  // float32 [N, R, F]
};

}  // namespace penalmt
