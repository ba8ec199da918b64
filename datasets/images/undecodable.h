// What a decoder says of bytes that are no image.
#pragma once

#include <stdexcept>

namespace penalmt {

// In words that go behind the file's name: "damaged; Not enough image data".
class Undecodable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace penalmt
