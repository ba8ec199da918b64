// Images that are asked for again: each is decoded and encoded once, as long as there is room.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "translation/image_source.h"

namespace penalmt {

// Another source's images, the last ones kept by name.
class RememberedImages : public ImageSource {
 public:
  // What becomes of the images of a set before they are kept; it gives null where they stay as they
  // are.
  using Encode = std::function<std::unique_ptr<ImageSet>(const ImageSet& images)>;

  // `bytes`: of the images that are kept, at most.
  RememberedImages(std::unique_ptr<const ImageSource> source, Encode encode,
                   int64_t bytes = int64_t{128} << 20);

  bool has(const std::string& name) const override { return source_->has(name); }
  bool leads_out(const std::string& name) const override { return source_->leads_out(name); }
  std::vector<std::string> names_like(const std::string& name) const override {
    return source_->names_like(name);
  }
  std::string none_of(const std::string& what, const std::string& example) const override {
    return source_->none_of(what, example);
  }
  // Throws as the source's, and as `encode`.
  std::unique_ptr<ImageSet> load(const std::vector<std::string>& names) const override;
  using ImageSource::load;

 private:
  using Kept = std::pair<std::string, at::Tensor>;

  std::unique_ptr<ImageSet> encoded(std::unique_ptr<ImageSet> images) const;
  // The image that is kept under the name, which was used now; undefined where there is none.
  at::Tensor recalled(const std::string& name) const;
  void keep(const std::string& name, const at::Tensor& image) const;

  const std::unique_ptr<const ImageSource> source_;
  const Encode encode_;
  const int64_t bytes_;
  mutable std::mutex mutex_;
  mutable std::list<Kept> kept_;  // those used last first
  mutable std::unordered_map<std::string, std::list<Kept>::iterator> places_;
  mutable int64_t bytes_kept_ = 0;
};

}  // namespace penalmt
