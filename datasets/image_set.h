// The images of the lines of a text, in the form in which a model takes them.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace penalmt {

class ImageSet {
 public:
  virtual ~ImageSet() = default;

  // Per line: the row of its image, or -1 where it has none.
  const std::vector<int64_t>& index() const { return index_; }
  int64_t missing() const;  // lines without an image
  int64_t found() const {
    return static_cast<int64_t>(index_.size()) - missing();
  }  // lines with one

  // The images of these rows, in this order: pixels uint8 [P, 3, H, W], or an encoder's vectors
  // float [P, R, F]. For many threads at once.
  virtual at::Tensor rows(const std::vector<int64_t>& which) const = 0;

 protected:
  std::vector<int64_t> index_;
};

}  // namespace penalmt
