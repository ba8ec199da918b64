// The images that go with the lines of an input.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "translation/image_source.h"

namespace penalmt {

// How many lines have their image.
struct ImageCount {
  int64_t lines = 0, missing = 0,
          not_found = 0;   // missing: have none; not_found: and name one all the same
  int64_t first_line = 0;  // the first of these, from 1, and what it names
  std::string first_name;
  std::vector<std::string> first_meant;  // what is there and is called so but for the ending
  // Among the missing, those that are there and do not decode: their lines, from 0.
  std::vector<BrokenImage> broken;
  std::size_t warned = 0;  // of these a command has told so many

  // The next line, whose image is looked for in `source`; true where it is there.
  bool add(const std::string& name, const ImageSource& source);
  // "3 of 5 lines had no image; 2 of them name one that is not there, first 'dog' in line 4; 1 of
  // them names one that is broken; did you mean 'dog.jpg'?"
  std::string text() const;
};

// The images of the next lines, one name a line, "" for none; null where none of them has one that
// is there and whole. The lines are counted. Throws as ImageSource::load.
std::unique_ptr<ImageSet> load_images(const std::vector<std::string>& names,
                                      const ImageSource& source, ImageCount& count);

class LineImages {
 public:
  // One name a line, "" for none. `place`: what the list is called in errors.
  LineImages(std::vector<std::string> names, std::shared_ptr<const ImageSource> source,
             std::string place);

  // Throws Error where the source has not one of them.
  void expect_some() const;
  // Throws Error unless there is a name for each of `lines` lines of `place`.
  void expect_lines(int64_t lines, const std::string& place) const;
  const std::vector<std::string>& names() const { return names_; }
  const std::shared_ptr<const ImageSource>& source() const { return source_; }
  int64_t lines() const { return static_cast<int64_t>(names_.size()); }
  // Throws as ImageSource::load, with the line of a broken image; where those are to be skipped,
  // Error where all of them are broken.
  std::unique_ptr<ImageSet> load(ImageCount& count) const;

 private:
  std::vector<std::string> names_;
  std::shared_ptr<const ImageSource> source_;
  std::string place_;
};

}  // namespace penalmt
