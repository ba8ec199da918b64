// The pictures that go with the lines of an input.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "translation/picture_source.h"

namespace penalmt {

// Lines that name a picture which is not there.
struct NotFound {
  int64_t count = 0;
  int64_t first_line = 0;  // from 1
  std::string first_name;

  void add(int64_t line, const std::string& name) {
    if (++count == 1) first_line = line, first_name = name;
  }
};

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
  // Of the lines loaded so far: those without a picture, and those of them that name one.
  int64_t missing() const { return missing_; }
  const NotFound& not_found() const { return not_found_; }

 private:
  std::vector<std::string> names_;
  std::shared_ptr<const PictureSource> source_;
  std::string place_;
  int64_t missing_ = 0;
  NotFound not_found_;
};

// "3 of 5 lines had no picture; 2 of them name one that is not there, first 'dog.jpg' in line 4"
std::string without_picture(int64_t missing, int64_t lines, const NotFound& not_found);

}  // namespace penalmt
