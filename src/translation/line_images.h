// The pictures that go with the lines of an input.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "translation/picture_source.h"

namespace penalmt {

class LineImages {
 public:
  // One name a line, "" for none. `place`: what the list is called in errors.
  LineImages(std::vector<std::string> names, std::shared_ptr<const PictureSource> source, std::string place);

  // Throws Error where the source has not one of them.
  void expect_some() const;
  // Throws Error unless there is a name for each of `lines` lines of `place`.
  void expect_lines(int64_t lines, const std::string& place) const;
  const std::vector<std::string>& names() const { return names_; }
  const std::shared_ptr<const PictureSource>& source() const { return source_; }
  int64_t lines() const { return static_cast<int64_t>(names_.size()); }
  // The pictures of the lines [first, first + count), decoded; null where none of them has one.
  std::unique_ptr<PictureSet> load(int64_t first, int64_t count);
  int64_t missing() const { return missing_; }  // lines loaded so far whose picture is not there

 private:
  std::vector<std::string> names_;
  std::shared_ptr<const PictureSource> source_;
  std::string place_;
  int64_t missing_ = 0;
};

}  // namespace penalmt
