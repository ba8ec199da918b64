// How many lines of an input have their image, and which have not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/image_set.h"

namespace penalmt {

class ImageSource;

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

}  // namespace penalmt
