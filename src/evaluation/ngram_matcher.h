// How many n-grams of a hypothesis stand in its references, for words (BLEU, chrF++) and characters
// (chrF) alike: both are numbers here.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluation/ngram_table.h"

namespace penalmt {

class NgramMatcher {
 public:
  using Symbols = std::span<const int32_t>;
  static constexpr int32_t kUnknown = -1;  // a symbol that stands in no reference

  // Orders 1 ... `order` are counted.
  explicit NgramMatcher(int order) : order_(static_cast<std::size_t>(order)) {}

  // Those of the next sentence. An n-gram may match as often as it stands in the one reference that
  // has it most often.
  void set_references(std::span<const Symbols> references);
  void set_reference(Symbols reference) { set_references({&reference, 1}); }

  // Adds the number of matches of order n to matches[n - 1].
  void match(Symbols hypothesis, std::span<double> matches);

 private:
  std::size_t order_;
  NgramTable table_;
  std::vector<int32_t> limit_;  // per n-gram: how often it may match
  std::vector<int32_t>
      scratch_;  // per n-gram: its count in one reference, or how often it may still match
};

}  // namespace penalmt
