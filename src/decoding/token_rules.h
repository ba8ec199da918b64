// Which tokens may not come next, whatever the model thinks of them. A forbidden token keeps its
// probability: the others' stay what the model gives them.
#pragma once

#include <vector>

#include "decoding/search_options.h"

namespace penalmt {

class TokenRules {
 public:
  explicit TokenRules(const SearchOptions& options) : options_(options) {}

  // False: nothing is ever forbidden.
  bool forbid_any() const {
    return options_.min_length > 0 || options_.no_repeat_ngram > 0 || options_.no_unknown;
  }
  // After `tokens`, the start left out; ascending, without doubles.
  std::vector<int> forbidden(const std::vector<int>& tokens) const;

 private:
  const SearchOptions options_;
};

}  // namespace penalmt
