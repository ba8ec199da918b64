#include "translation/remembered_images.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>

#include <utility>

namespace penalmt {
namespace {

class GatheredImages : public ImageSet {
 public:
  GatheredImages(std::vector<int64_t> index, std::vector<BrokenImage> broken,
                 std::vector<at::Tensor> images)
      : images_(std::move(images)) {
    index_ = std::move(index);
    broken_ = std::move(broken);
  }
  at::Tensor rows(const std::vector<int64_t>& which) const override {
    std::vector<at::Tensor> chosen;
    for (const int64_t row : which) chosen.push_back(images_[row]);
    return at::stack(chosen);
  }

 private:
  const std::vector<at::Tensor> images_;  // of each row
};

}  // namespace

RememberedImages::RememberedImages(std::unique_ptr<const ImageSource> source, Encode encode,
                                   int64_t bytes)
    : ImageSource(source->list()),
      source_(std::move(source)),
      encode_(std::move(encode)),
      bytes_(bytes) {}

std::unique_ptr<ImageSet> RememberedImages::load(const std::vector<std::string>& names) const {
  const std::lock_guard lock(mutex_);
  const c10::InferenceMode guard;
  std::vector<int64_t> index(names.size(), -1);
  std::vector<at::Tensor> images;
  std::unordered_map<std::string, int64_t> rows;  // of the images so far
  std::vector<std::string> others(names.size());  // those that are not kept, at their lines
  bool any_is_there = false;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    const auto [row, is_new] = rows.emplace(names[i], static_cast<int64_t>(images.size()));
    if (is_new) {
      if (at::Tensor image = recalled(names[i]); image.defined()) {
        images.push_back(std::move(image));
      } else {
        rows.erase(row);
        others[i] = names[i];
        any_is_there = any_is_there || leads_out(names[i]) || has(names[i]);
        continue;
      }
    }
    index[i] = row->second;
  }
  if (!any_is_there)
    return std::make_unique<GatheredImages>(std::move(index), std::vector<BrokenImage>(),
                                            std::move(images));
  const std::unique_ptr<ImageSet> loaded = encoded(source_->load(others));
  for (size_t i = 0; i < names.size(); ++i) {
    const int64_t row = loaded->index()[i];
    if (row < 0) continue;
    const auto [place, is_new] = rows.emplace(names[i], static_cast<int64_t>(images.size()));
    index[i] = place->second;
    if (!is_new) continue;
    images.push_back(loaded->rows({row}).squeeze(0));  // in memory of its own
    keep(names[i], images.back());
  }
  return std::make_unique<GatheredImages>(std::move(index), loaded->broken(), std::move(images));
}

std::unique_ptr<ImageSet> RememberedImages::encoded(std::unique_ptr<ImageSet> images) const {
  std::unique_ptr<ImageSet> seen = images->found() > 0 ? encode_(*images) : nullptr;
  return seen ? std::move(seen) : std::move(images);
}

at::Tensor RememberedImages::recalled(const std::string& name) const {
  const auto place = places_.find(name);
  if (place == places_.end()) return {};
  kept_.splice(kept_.begin(), kept_, place->second);
  return kept_.front().second;
}

void RememberedImages::keep(const std::string& name, const at::Tensor& image) const {
  if (static_cast<int64_t>(image.nbytes()) > bytes_) return;
  kept_.emplace_front(name, image);
  places_[name] = kept_.begin();
  bytes_kept_ += static_cast<int64_t>(image.nbytes());
  while (bytes_kept_ > bytes_) {
    bytes_kept_ -= static_cast<int64_t>(kept_.back().second.nbytes());
    places_.erase(kept_.back().first);
    kept_.pop_back();
  }
}

}  // namespace penalmt
