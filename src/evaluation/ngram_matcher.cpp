#include "evaluation/ngram_matcher.h"

#include <algorithm>

namespace penalmt {

void NgramMatcher::set_references(std::span<const Symbols> references) {
  table_.clear();
  limit_.assign(1, 0);
  std::vector<int32_t>& count = scratch_;
  for (const Symbols reference : references) {
    count.assign(limit_.size(), 0);
    for (std::size_t begin = 0; begin < reference.size(); ++begin) {
      int32_t ngram = NgramTable::kRoot;
      for (const int32_t symbol :
           reference.subspan(begin, std::min(order_, reference.size() - begin))) {
        ngram = table_.find_or_insert(ngram, symbol);
        if (static_cast<std::size_t>(ngram) >= count.size()) count.push_back(0);
        ++count[ngram];
      }
    }
    limit_.resize(count.size(), 0);
    for (std::size_t i = 0; i < count.size(); ++i) limit_[i] = std::max(limit_[i], count[i]);
  }
}

void NgramMatcher::match(Symbols hypothesis, std::span<double> matches) {
  std::vector<int32_t>& left = scratch_;
  left = limit_;
  for (std::size_t begin = 0; begin < hypothesis.size(); ++begin) {
    int32_t ngram = NgramTable::kRoot;
    for (std::size_t n = 0; n < order_ && begin + n < hypothesis.size(); ++n) {
      ngram = table_.find(ngram, hypothesis[begin + n]);
      if (ngram == NgramTable::kAbsent) break;  // a longer one holds this one
      if (left[ngram] > 0) --left[ngram], ++matches[n];
    }
  }
}

}  // namespace penalmt
