#include "translation/image_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/expect_folder.h"
#include "base/progress.h"
#include "datasets/features/feature_set.h"
#include "datasets/text/image_names.h"
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

std::unique_ptr<ImageSet> ImageSource::load(const std::vector<std::string>& names,
                                            ImageCount& count) const {
  const auto before = static_cast<std::size_t>(count.lines);
  bool any = false;
  for (const std::string& name : names) any |= count.add(name, *this);
  if (!any) return nullptr;
  std::unique_ptr<ImageSet> images = load(names);
  for (const BrokenImage& broken : images->broken()) {
    ++count.missing;
    count.broken.push_back({before + broken.line, broken.problem});
  }
  if (images->found() == 0) return nullptr;
  return images;
}

void ImageSource::expect_some() const {
  const std::vector<std::string>& names = list_->names;
  if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return has(name); }))
    return;
  const auto named = std::find_if(names.begin(), names.end(),
                                  [](const std::string& name) { return !name.empty(); });
  throw Error(none_of(list_->place, named == names.end() ? "" : *named));
}

void ImageSource::expect_lines(int64_t lines, const std::string& place) const {
  const auto expected = static_cast<int64_t>(list_->names.size());
  if (lines == expected) return;
  throw Error(fmt::format("{}: {} lines; expected {}, one for each image of {}", place, lines,
                          expected, list_->place));
}

std::unique_ptr<ImageSet> ImageSource::load(ImageCount& count) const {
  std::unique_ptr<ImageSet> images;
  try {
    images = load(list_->names, count);
  } catch (const BrokenImageError& error) {
    const std::size_t line = error.image().line;
    throw error.in_list(list_->place, list_->line_of(line) - static_cast<int64_t>(line));
  }
  for (BrokenImage& broken : count.broken)
    broken.line = static_cast<std::size_t>(list_->line_of(broken.line)) - 1;
  if (count.not_found > 0)
    count.first_line = list_->line_of(static_cast<std::size_t>(count.first_line) - 1);
  if (images == nullptr && !count.broken.empty())
    throw Error(fmt::format("{}: not one of the images can be decoded; the first: {}", list_->place,
                            count.broken.front().problem));
  return images;
}

ExportedEncoder open_encoder(const fs::path& folder, const FeatureOptions& features,
                             c10::Device device) {
  ExportedEncoder encoder = ExportedEncoder::open(folder, device);
  if (!features.encoder.empty() && encoder.name() != features.encoder)
    throw Error(fmt::format("{}: got the encoder '{}', expected '{}'", folder.string(),
                            encoder.name(), features.encoder));
  const auto fits = [](int64_t expected, int64_t got) { return expected == 0 || expected == got; };
  if (!fits(features.regions, encoder.regions()) || !fits(features.width, encoder.width()))
    throw Error(fmt::format("{}: gives features of {} x {} (regions x width), expected {} x {}",
                            folder.string(), encoder.regions(), encoder.width(), features.regions,
                            features.width));
  return encoder;
}

ExportedEncoder open_encoder_of(const Translator& translator, const fs::path& encoder,
                                const std::string& expected) {
  const FeatureOptions& features = translator.description().model.features;
  const fs::path folder = encoder.empty() ? translator.carried_encoder() : encoder;
  if (folder.empty())
    throw Error(fmt::format(
        "{}: the model takes {}, and carries no encoder; expected {}", translator.place(),
        features.encoder.empty() ? "features" : "the features of '" + features.encoder + "'",
        expected));
  return open_encoder(folder, features, translator.device());
}

void expect_no_encoder(const Translator& translator, const fs::path& encoder) {
  if (!encoder.empty())
    throw Error(fmt::format("{}: the model has an image encoder of its own; got the encoder {}",
                            translator.place(), encoder.string()));
}

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
