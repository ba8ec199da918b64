// Images from the disk: decoded, turned upright, squashed to a square (Multi30k's images are
// kept so too), 8-bit RGB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/config.h"
#include "datasets/image_set.h"

namespace penalmt {

struct ImageOptions {
  int64_t size = 64;

  template <class Visitor>
  void visit(Visitor& v) {
    v("size", size, "side of the square that every image is resized to, pixels",
      config::between(1, 4096));
  }
};

// uint8 [3, size, size], RGB. Averages areas when shrinking, interpolates linearly when growing;
// obeys EXIF orientation; grey becomes RGB, 16 bits become 8, transparent parts show white. Throws
// what decode_image (image_decoding.h) throws.
at::Tensor load_image(const std::filesystem::path& path, int64_t size);

// The same of the bytes of a file that errors call `path`.
at::Tensor load_image(std::string_view bytes, const std::filesystem::path& path, int64_t size);

// The files of the images that a list names.
struct ImageFiles {
  std::vector<std::filesystem::path> files;  // each once, in the order of its first line
  std::vector<int64_t> index;  // a line: its file's place among them, -1 where it has none
};

// An empty line, or a name that is not on the disk, is normal. Throws Error where there are lines
// and not one has its image, and for a name that leads out of the folder.
ImageFiles find_images(const std::vector<std::string>& names, const std::filesystem::path& root,
                       const ImageRules& rules);

// Files that did not decode, by their place among the files: "" where all is well.
using ImageProblems = std::vector<std::string>;

// Takes their rows from the lines of broken files, which are returned. Throws BrokenImageError for
// the first of them unless they are to be skipped.
std::vector<BrokenImage> drop_broken(std::vector<int64_t>& index, const ImageProblems& problems,
                                     const ImageRules& rules);

// The images that a list names, each decoded once, by `threads` threads (0: one a core). An empty
// line, or a name that is not on the disk, is normal: it has no row. Throws Error where a file does
// not decode (the first in the list's order), where there are lines and not one has its image, and
// for a name that leads out of the folder; `rules` bend that. Throws MachineError as decode_image
// does, and Interrupted after Ctrl-C.
class DecodedImages : public ImageSet {
 public:
  DecodedImages(const std::vector<std::string>& names, const std::filesystem::path& root,
                int64_t size, int threads = 0, const ImageRules& rules = {});

  const at::Tensor& pixels() const { return pixels_; }  // uint8 [N, 3, size, size]
  // uint8 [P, 3, size, size]
  at::Tensor rows(const std::vector<int64_t>& which) const override;

 private:
  at::Tensor pixels_;  // as pixels()
};

}  // namespace penalmt
