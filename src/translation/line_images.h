// The pictures that go with the lines of an input.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/images.h"

namespace penalmt {

class LineImages {
 public:
  // One name a line of the list, below `root`; pictures are brought to `size` pixels. Throws Error where not one of
  // them is there.
  static LineImages from_list(const std::filesystem::path& list, const std::filesystem::path& root, int64_t size,
                              int threads);
  // The picture of a single line. Throws Error where it is not there.
  static LineImages of_photo(const std::filesystem::path& photo, int64_t size);

  // Throws Error unless there is a name for each of `lines` lines of `place`.
  void expect_lines(int64_t lines, const std::string& place) const;
  int64_t lines() const { return static_cast<int64_t>(names_.size()); }
  // The pictures of the lines [first, first + count), decoded; null where none of them has one.
  std::unique_ptr<PictureSet> load(int64_t first, int64_t count);
  int64_t missing() const { return missing_; }  // lines loaded so far whose picture is not there

 private:
  LineImages(std::vector<std::string> names, std::filesystem::path list, std::filesystem::path root, int64_t size,
             int threads)
      : list_(std::move(list)), names_(std::move(names)), root_(std::move(root)), size_(size), threads_(threads) {}
  bool has_picture(const std::string& name) const;

  std::filesystem::path list_;
  std::vector<std::string> names_;
  std::filesystem::path root_;
  int64_t size_, missing_ = 0;
  int threads_;
};

// The pictures of a list for a model, nullopt where `list` is empty. Nothing is ignored in silence: throws Error where
// the model is text-only and there is a list; warns where it is multimodal and there is none.
std::optional<LineImages> open_line_images(const std::string& model, bool uses_images, int64_t size,
                                           const std::string& list, const std::string& root, int threads);
// The Error of a text-only model that is given pictures by `option`.
[[noreturn]] void refuse_pictures(const std::string& model, const std::string& option);

}  // namespace penalmt
