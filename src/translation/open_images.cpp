#include <fmt/format.h>

#include "base/error.h"
#include "base/expect_folder.h"
#include "base/progress.h"
#include "datasets/features/feature_set.h"
#include "datasets/text/image_names.h"
#include "translation/feature_encoder.h"
#include "translation/image_source.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// Image files in a folder.
class FolderSource : public ImageSource {
 public:
  explicit FolderSource(const ImageSourceOptions& options)
      : ImageSource(options.list),
        root_(options.root),
        threads_(options.threads),
        rules_(options.rules) {
    expect_folder(root_, "the images");
  }
  bool has(const std::string& name) const override {
    std::error_code ignored;
    return !name.empty() && fs::is_regular_file(root_ / name, ignored);
  }
  bool leads_out(const std::string& name) const override {
    return !rules_.allow_outside && penalmt::leads_out(root_, name);
  }
  std::vector<std::string> names_like(const std::string& name) const override {
    return penalmt::names_like(root_, name);
  }

 protected:
  const fs::path root_;
  const int threads_;
  const ImageRules rules_;

 private:
  std::string none_of(const std::string& what, const std::string& example) const override {
    return fmt::format("{}: not one of the images that {} names is there{}", root_.string(), what,
                       example.empty() ? "; its lines are empty"
                                       : fmt::format("; expected files such as '{}'{}", example,
                                                     did_you_mean_image(names_like(example))));
  }
};

class PixelSource : public FolderSource {
 public:
  PixelSource(const ImageSourceOptions& options, int64_t size)
      : FolderSource(options), size_(size) {}
  std::unique_ptr<ImageSet> load(const std::vector<std::string>& names) const override {
    return std::make_unique<DecodedImages>(names, root_, size_, threads_, rules_);
  }

 private:
  const int64_t size_;
};

class EncoderSource : public FolderSource {
 public:
  EncoderSource(const ImageSourceOptions& options, ExportedEncoder encoder)
      : FolderSource(options), encoder_(std::move(encoder)) {}
  std::unique_ptr<ImageSet> load(const std::vector<std::string>& names) const override {
    return std::make_unique<EncodedImages>(names, root_, encoder_, threads_, rules_);
  }

 private:
  const ExportedEncoder encoder_;
};

class StoreSource : public ImageSource {
 public:
  StoreSource(const ImageSourceOptions& options, FeatureStore store)
      : ImageSource(options.list), store_(std::move(store)), place_(options.features.string()) {}
  bool has(const std::string& name) const override {
    return !name.empty() && store_.row(name) >= 0;
  }
  std::unique_ptr<ImageSet> load(const std::vector<std::string>& names) const override {
    return std::make_unique<StoredFeatures>(names, store_, place_);
  }
  std::vector<std::string> names_like(const std::string& name) const override {
    return penalmt::names_like(store_.names(), name);
  }

 private:
  std::string none_of(const std::string& what, const std::string& example) const override {
    return fmt::format("{}: not one of the images that {} names is in it{}", place_, what,
                       example.empty() ? "; its lines are empty"
                                       : fmt::format("; expected names such as '{}'{}", example,
                                                     did_you_mean_image(names_like(example))));
  }

  const FeatureStore store_;
  const std::string place_;
};

}  // namespace

std::unique_ptr<const ImageSource> open_images(const Translator& translator,
                                               const ImageSourceOptions& options) {
  const ModelOptions& model = translator.description().model;
  const FeatureOptions& features = model.features;
  if (!model.takes_features()) {
    expect_no_encoder(translator, options.encoder);
    if (!options.features.empty())
      throw Error(
          fmt::format("{}: the model has an image encoder of its own; got features {}, expected "
                      "the images themselves",
                      translator.place(), options.features.string()));
    return std::make_unique<PixelSource>(options, model.image_encoder.size);
  }
  if (!options.features.empty()) {
    FeatureStore store = FeatureStore::open(options.features, options.feature_names);
    store.expect({features.regions, features.width}, features.encoder);
    if (store.encoder().empty() && !features.encoder.empty())
      warning(
          fmt::format("{}: does not say which encoder made it; the model expects features of '{}'",
                      options.features.string(), features.encoder));
    return std::make_unique<StoreSource>(options, std::move(store));
  }
  return std::make_unique<EncoderSource>(
      options,
      open_encoder_of(translator, options.encoder, options.a_store + " or " + options.an_encoder));
}

}  // namespace penalmt
