// How far a model's gates are open, and how sharply it looks at the image, over many pieces of
// text.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace penalmt {

constexpr double kOpenGate = 0.5;  // above it a gate counts as open

struct GateStatistics {
  // A word is the pieces up to the next one that begins with "▁" (SentencePiece's mark of a word),
  // or the end of the sentence; its gate is their mean.
  struct Word {
    std::string word;
    int64_t count = 0;
    double mean = 0;
  };
  int64_t pieces = 0;
  double mean = 0, open = 0;            // open: the share of pieces above kOpenGate
  std::array<double, 7> quantiles{};    // at kQuantiles, between neighbours in proportion
  std::array<int64_t, 20> histogram{};  // pieces by gate: 0 to 0.05, ..., 0.95 to 1
  std::vector<Word> widest;             // words seen often enough, the widest gates first
};
constexpr std::array<double, 7> kQuantiles = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};

// `pieces[i]` are those of sentence i, `gates[i]` theirs, from 0 to 1. `widest` holds up to `words`
// words that came at least `often` times.
GateStatistics gate_statistics(const std::vector<std::vector<std::string>>& pieces,
                               const std::vector<std::vector<double>>& gates,
                               std::size_t words = 10, int64_t often = 3);

struct AttentionStatistics {
  int64_t pieces = 0;
  double entropy = 0;          // mean; 1: even over all regions, 0: one region alone
  double largest = 0;          // mean of the largest weight
  double largest_if_even = 0;  // what that would be, were attention even
};

// `attention`: a piece's weights over its image's regions, sum 1. Pieces with one region or none
// are left out.
AttentionStatistics attention_statistics(const std::vector<std::vector<double>>& attention);

}  // namespace penalmt
