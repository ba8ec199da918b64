// Where a model's images come from, by name: files that it or an exported encoder reads, or a
// feature store; and which go with the lines of an input, where a list says so.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/image_set.h"
#include "translation/image_count.h"

namespace penalmt {

class Translator;

// The images of an input's lines.
struct ImageList {
  std::vector<std::string> names;  // one a line, "" for none
  std::string place;               // what the list is called in errors
  // Where in it each name stands; empty: name i in line i + 1.
  std::vector<int64_t> lines = {};

  int64_t line_of(std::size_t name) const {
    return lines.empty() ? static_cast<int64_t>(name) + 1 : lines[name];
  }
};

class ImageSource {
 public:
  explicit ImageSource(std::optional<ImageList> list) : list_(std::move(list)) {}
  virtual ~ImageSource() = default;
  virtual bool has(const std::string& name) const = 0;
  // True for a name that load() refuses, as it leads out of the source's folder.
  virtual bool leads_out(const std::string& /*name*/) const { return false; }
  // One line a name; at least one of them is there. Throws Error where a file does not decode,
  // unless broken ones are to be skipped, and for a name that leads_out(); in all else as
  // DecodedImages, EncodedImages or StoredFeatures.
  virtual std::unique_ptr<ImageSet> load(const std::vector<std::string>& names) const = 0;
  // Names that it has and that are `name` but for the ending ("dog" → "dog.jpg").
  virtual std::vector<std::string> names_like(const std::string& /*name*/) const { return {}; }

  // "images: not one of ... is there; expected files such as 'a.jpg'": the words for where not
  // one of the images that `what` names is there, `example` being the first.
  virtual std::string none_of(const std::string& what, const std::string& example) const = 0;

  // The images of the next lines, one name a line, "" for none; null where none of them has one
  // that is there and whole. The lines are counted. Throws as load(names).
  std::unique_ptr<ImageSet> load(const std::vector<std::string>& names, ImageCount& count) const;

  // nullopt where images are asked for by name alone. What follows needs a list.
  const std::optional<ImageList>& list() const { return list_; }
  // Throws Error where not one image of the list is there.
  void expect_some() const;
  // Throws Error unless there is a name for each of `lines` lines of `place`.
  void expect_lines(int64_t lines, const std::string& place) const;
  // The images of the list. Throws as load(names), with the line of a broken image; where those are
  // to be skipped, Error where all of them are broken.
  std::unique_ptr<ImageSet> load(ImageCount& count) const;

 private:
  std::optional<ImageList> list_;
};

struct ImageSourceOptions {
  std::filesystem::path root;  // the folder that names are relative to
  std::filesystem::path features,
      feature_names;              // or the store, with its names file where it has none of its own
  std::filesystem::path encoder;  // empty: the exported encoder that the model carries
  int threads = 0;                // 0: one a core
  ImageRules rules = {};          // of files
  std::optional<ImageList> list = std::nullopt;
  // What errors call the two ways to give a model its features.
  std::string a_store = "a store", an_encoder = "an encoder";
};

// Throws Error where there is no such folder or store, where the store does not fit the model, and
// where a model of features gets files but has no encoder; as FeatureStore::open, and as
// open_encoder_of (feature_encoder.h).
std::unique_ptr<const ImageSource> open_images(const Translator& translator,
                                               const ImageSourceOptions& options);

}  // namespace penalmt
