// Where a model's images come from, by name: files that it or an exported encoder reads, or a
// feature store.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "datasets/features/exported_encoder.h"
#include "datasets/image_set.h"
#include "datasets/images/decoded_images.h"
#include "models/options.h"

namespace penalmt {

class Translator;

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual bool has(const std::string& name) const = 0;
  // True for a name that load() refuses, as it leads out of the source's folder.
  virtual bool leads_out(const std::string& name) const { return false; }
  // One line a name; at least one of them is there. Throws Error where a file does not decode,
  // unless broken ones are to be skipped, and for a name that leads_out(); in all else as
  // DecodedImages, EncodedImages or StoredFeatures.
  virtual std::unique_ptr<ImageSet> load(const std::vector<std::string>& names) const = 0;
  // Names that it has and that are `name` but for the ending ("dog" → "dog.jpg").
  virtual std::vector<std::string> names_like(const std::string& name) const { return {}; }
  // "images: not one of ... is there; expected files such as 'a.jpg'": the words for where one
  // looked in vain.
  virtual std::string none_of(const std::string& what, const std::string& example) const = 0;
};

struct ImageSourceOptions {
  std::filesystem::path root;  // the folder that names are relative to
  std::filesystem::path features,
      feature_names;              // or the store, with its names file where it has none of its own
  std::filesystem::path encoder;  // empty: the exported encoder that the model carries
  int threads = 0;                // 0: one a core
  ImageRules rules = {};          // of files
};

// Throws Error where there is no such folder or store, where the store does not fit the model, and
// where a model of features gets files but has no encoder; as FeatureStore::open, and as
// open_encoder.
std::shared_ptr<const ImageSource> open_images(const Translator& translator,
                                               const ImageSourceOptions& options);

// Throws as ExportedEncoder::open, and Error where it does not give the features that `features`
// says (0 and empty: any).
ExportedEncoder open_encoder(const std::filesystem::path& folder, const FeatureOptions& features,
                             c10::Device device);

}  // namespace penalmt
