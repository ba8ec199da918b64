// Images as vectors: rows of a feature store, or what an exported encoder makes of image files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "datasets/features/exported_encoder.h"
#include "datasets/features/feature_store.h"
#include "datasets/image_set.h"
#include "datasets/images/decoded_images.h"

namespace penalmt {

// The images that a list names, found in a store by their names; rows are read from the store's map
// when asked for. An empty line, or a name that the store has not, has no row. Throws Error where
// there are lines and the store has not one of them.
class StoredFeatures : public ImageSet {
 public:
  // `place`: what the store is called in errors.
  StoredFeatures(const std::vector<std::string>& names, FeatureStore store,
                 const std::string& place);
  // [P, R, F] of the stored type. Throws as FeatureStore::rows.
  at::Tensor rows(const std::vector<int64_t>& which) const override { return store_.rows(which); }

 private:
  FeatureStore store_;
};

// The images that a list names, as files below `root`, encoded at once. Missing and broken files as
// in DecodedImages. Throws as ExportedEncoder::encode_files, too.
class EncodedImages : public ImageSet {
 public:
  EncodedImages(const std::vector<std::string>& names, const std::filesystem::path& root,
                const ExportedEncoder& encoder, int threads, const ImageRules& rules = {});
  // float32 [P, R, F]
  at::Tensor rows(const std::vector<int64_t>& which) const override;

 private:
  at::Tensor features_;  // float32 [N, R, F]
};

}  // namespace penalmt
