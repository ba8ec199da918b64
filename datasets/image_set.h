// The images of the lines of a text, in the form in which a model takes them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

// Named alone: what asks only which line has an image is free of torch.
namespace at {
class Tensor;
}

namespace penalmt {

// How images are found that a list names.
struct ImageRules {
  bool allow_outside = false;  // names may lead out of the folder (datasets/text/image_names.h)
  bool skip_broken = false;    // a file that does not decode counts as a missing one
};

// An image that did not decode, and for that has no row.
struct BrokenImage {
  std::size_t line = 0;  // from 0
  std::string problem;   // an Error's words
};

// What is thrown where that is an error.
class BrokenImageError : public Error {
 public:
  explicit BrokenImageError(const BrokenImage& image) : Error(image.problem), image_(image) {}
  const BrokenImage& image() const { return image_; }
  // The same as an Error that names the line of the list: "list.txt:3: images/a.png: cut off; ...".
  // Line 0 is line `first` of `place`.
  Error in_list(const std::string& place, int64_t first = 1) const {
    return Error(place + ":" + std::to_string(first + static_cast<int64_t>(image_.line)) + ": " +
                 image_.problem);
  }

 private:
  BrokenImage image_;
};

class ImageSet {
 public:
  virtual ~ImageSet() = default;

  // Per line: the row of its image, or -1 where it has none.
  const std::vector<int64_t>& index() const { return index_; }
  int64_t missing() const {
    return std::count(index_.begin(), index_.end(), -1);
  }  // lines without an image
  int64_t found() const {
    return static_cast<int64_t>(index_.size()) - missing();
  }  // lines with one

  // The lines that lack their image because it is broken, where that was to be no error.
  const std::vector<BrokenImage>& broken() const { return broken_; }

  // The images of these rows, in this order: pixels uint8 [P, 3, H, W], or an encoder's vectors
  // float [P, R, F]. For many threads at once. Throws Error where they come from a feature store
  // that is damaged (FeatureStore::rows).
  virtual at::Tensor rows(const std::vector<int64_t>& which) const = 0;

 protected:
  std::vector<int64_t> index_;
  std::vector<BrokenImage> broken_;
};

}  // namespace penalmt
