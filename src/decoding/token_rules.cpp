#include "decoding/token_rules.h"

#include <algorithm>

#include "base/sorted.h"
#include "decoding/step.h"

namespace penalmt {

std::vector<int> TokenRules::forbidden(const std::vector<int>& tokens) const {
  std::vector<int> forbidden;
  if (static_cast<int64_t>(tokens.size()) < options_.min_length) forbidden.push_back(kEos);
  if (options_.no_unknown) forbidden.push_back(kUnknown);
  const int64_t before = options_.no_repeat_ngram - 1;  // tokens of an n-gram but its last
  const int64_t length = static_cast<int64_t>(tokens.size());
  if (before >= 0 && length > before)
    for (auto first = tokens.begin(); first + before < tokens.end(); ++first)
      if (std::equal(first, first + before, tokens.end() - before))
        forbidden.push_back(*(first + before));
  sort_without_repeats(forbidden);
  return forbidden;
}

}  // namespace penalmt
