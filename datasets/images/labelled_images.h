// Images of known classes, one folder a class:
//
//   <root>/cat/0000.jpg
//   <root>/dog/0000.jpg
//   <root>/dog/puppies/0000.jpg    folders in a class's folder belong to the class
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/config.h"
#include "datasets/images/decoded_images.h"

namespace penalmt {

struct LabelledImageOptions {
  std::string folder = "$CIFAR10";
  std::string train = "train";
  int64_t valid = 500;
  int64_t limit = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("folder", folder, "the images; $NAME is an environment variable", config::anything());
    v("train", train,
      "the folder in it that holds a folder of images, with folders in it, for each class",
      config::anything());
    v("valid", valid,
      "images of each class, the last by name, that are not trained on but validated on",
      config::between(1, 1e9));
    v("limit", limit, "images of each class that are learned from, the first by name; 0: all",
      config::between(0, 1e9));
  }
};

struct LabelledImages {
  std::vector<std::string> classes;  // sorted
  std::vector<std::string> names;    // "cat/0000.jpg", sorted
  at::Tensor pixels;                 // uint8 [N, 3, size, size]
  at::Tensor labels;                 // int64 [N]: which of the classes
  std::vector<std::string> others;   // what was passed over (image_folder.h), sorted

  int64_t count() const { return static_cast<int64_t>(names.size()); }
};

// uint8 [N, 3, size, size]: the images, brought to size x size and decoded by `threads` threads (0:
// one a core). Throws as load_image for the first in their order that is missing or does not
// decode, and Interrupted after Ctrl-C. With `problems` ([N]; "" where all is well) nothing is
// thrown for such an image: its message is there, its pixels are black.
at::Tensor load_images(const std::vector<std::filesystem::path>& files, int64_t size, int threads,
                       ImageProblems* problems = nullptr);

// All images below `root`. Its folders are the classes, unless `known` names them: then a folder
// that is none of them is refused, and one may be missing. Throws Error where there is no such
// folder, no class, a class without images or of no UTF-8 name, and as images_in (image_folder.h)
// and load_images.
LabelledImages read_labelled_images(const std::filesystem::path& root, int64_t size, int threads,
                                    const std::vector<std::string>& known = {});

struct LabelledSplits {
  LabelledImages train, valid;
  std::filesystem::path root;       // where they are from
  std::vector<std::string> others;  // what was passed over there
};

// The training images of a recipe: the last `valid` of each class apart from the others, of which
// the first `limit` stay. Throws Error for a folder that is not there, fewer than two classes, and
// a class that has too few; as expand_environment (datasets/text/corpus.h) and
// read_labelled_images.
LabelledSplits read_labelled_splits(const LabelledImageOptions& options, int64_t size, int threads);

}  // namespace penalmt
