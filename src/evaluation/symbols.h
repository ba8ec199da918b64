// Words or characters as numbers, and many sequences of them in one array.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "evaluation/ngram_matcher.h"
#include "evaluation/unicode.h"

namespace penalmt {

// The references' words, numbered in the order of their appearance.
class WordNumbers {
 public:
  int32_t number(std::string_view word) {
    const auto found = numbers_.find(word);
    if (found != numbers_.end()) return found->second;
    return numbers_.emplace(word, static_cast<int32_t>(numbers_.size())).first->second;
  }
  // NgramMatcher::kUnknown where the word was never numbered.
  int32_t find(std::string_view word) const {
    const auto found = numbers_.find(word);
    return found == numbers_.end() ? NgramMatcher::kUnknown : found->second;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> numbers_;
};

// Sequences numbered from 0, each sentence's references in a row.
class ReferenceSymbols {
 public:
  // Symbols go to the reference begun last.
  void begin_sentence() { first_reference_.push_back(begins_.size()); }
  void begin_reference() { begins_.push_back(symbols_.size()); }
  std::vector<int32_t>& symbols() { return symbols_; }

  // Of one sentence; valid until symbols are added.
  void of(std::size_t sentence, std::vector<std::span<const int32_t>>& references) const {
    references.clear();
    const std::size_t end =
        sentence + 1 < first_reference_.size() ? first_reference_[sentence + 1] : begins_.size();
    for (std::size_t r = first_reference_[sentence]; r < end; ++r) {
      const std::size_t stop = r + 1 < begins_.size() ? begins_[r + 1] : symbols_.size();
      references.emplace_back(symbols_.data() + begins_[r], stop - begins_[r]);
    }
  }

 private:
  std::vector<int32_t> symbols_;
  std::vector<std::size_t> begins_, first_reference_;
};

}  // namespace penalmt
