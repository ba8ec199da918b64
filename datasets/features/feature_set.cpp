#include "datasets/features/feature_set.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "base/error.h"
#include "datasets/text/image_names.h"

namespace penalmt {

StoredFeatures::StoredFeatures(const std::vector<std::string>& names, FeatureStore store,
                               const std::string& place)
    : store_(std::move(store)) {
  const std::string* named = nullptr;
  for (const std::string& name : names) {
    index_.push_back(name.empty() ? -1 : store_.row(name));
    if (!name.empty() && !named) named = &name;
  }
  if (names.empty() || found() > 0) return;
  throw Error(fmt::format("{}: not one of the images of {} lines is in it; {}", place, names.size(),
                          named
                              ? fmt::format("expected names such as '{}'{}", *named,
                                            did_you_mean_image(names_like(store_.names(), *named)))
                              : "no line of the list names one"));
}

EncodedImages::EncodedImages(const std::vector<std::string>& names,
                             const std::filesystem::path& root, const ExportedEncoder& encoder,
                             int threads, const ImageRules& rules) {
  ImageFiles found = find_images(names, root, rules);
  index_ = std::move(found.index);
  if (found.files.empty()) return;
  ImageProblems problems(found.files.size());
  try {
    features_ = encoder.encode_files(found.files, threads, rules.skip_broken ? &problems : nullptr);
  } catch (const BrokenImageError& error) {  // of a file: its first line
    problems[error.image().line] = error.image().problem;
  }
  broken_ = drop_broken(index_, problems, rules);
}

at::Tensor EncodedImages::rows(const std::vector<int64_t>& which) const {
  return features_.index_select(0, at::tensor(which, at::kLong));
}

}  // namespace penalmt
