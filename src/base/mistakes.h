// Several mistakes of the user's, seen at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace penalmt {

// An Error of several lines, one a mistake; what() joins them by newlines.
class Mistakes : public Error {
 public:
  explicit Mistakes(std::vector<std::string> lines)
      : Error(fmt::format("{}", fmt::join(lines, "\n"))), lines_(std::move(lines)) {}
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace penalmt
