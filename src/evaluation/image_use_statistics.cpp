#include "evaluation/image_use_statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

namespace penalmt {
namespace {

constexpr std::string_view kWordMark = "\u2581", kSentenceEnd = "</s>";

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Calls use(word, the mean gate of its pieces) for each word of a sentence.
template <class Use>
void for_each_word(const std::vector<std::string>& pieces, const std::vector<double>& gates,
                   Use use) {
  for (std::size_t begin = 0; begin < pieces.size();) {
    std::size_t end = begin + 1;
    while (end < pieces.size() && !pieces[end].starts_with(kWordMark) &&
           pieces[end] != kSentenceEnd)
      ++end;
    std::string word;
    for (std::size_t i = begin; i < end; ++i) word += pieces[i];
    if (word.starts_with(kWordMark)) word.erase(0, kWordMark.size());
    use(word, std::accumulate(gates.begin() + begin, gates.begin() + end, 0.0) /
                  static_cast<double>(end - begin));
    begin = end;
  }
}

std::vector<GateStatistics::Word> widest_words(
    const std::map<std::string, std::vector<double>>& gates_of, std::size_t words, int64_t often) {
  std::vector<GateStatistics::Word> widest;
  for (const auto& [word, gates] : gates_of)
    if (const auto count = static_cast<int64_t>(gates.size()); count >= often)
      widest.push_back(
          {word, count,
           std::accumulate(gates.begin(), gates.end(), 0.0) / static_cast<double>(count)});
  std::stable_sort(widest.begin(), widest.end(),
                   [](const auto& a, const auto& b) { return a.mean > b.mean; });
  widest.resize(std::min(words, widest.size()));
  return widest;
}

}  // namespace

GateStatistics gate_statistics(const std::vector<std::vector<std::string>>& pieces,
                               const std::vector<std::vector<double>>& gates, std::size_t words,
                               int64_t often) {
  GateStatistics statistics;
  std::vector<double> all;
  std::map<std::string, std::vector<double>> gates_of;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    all.insert(all.end(), gates[i].begin(), gates[i].end());
    for_each_word(pieces[i], gates[i],
                  [&](const std::string& word, double gate) { gates_of[word].push_back(gate); });
  }
  if (all.empty()) return statistics;
  std::sort(all.begin(), all.end());
  statistics.pieces = static_cast<int64_t>(all.size());
  const auto count = static_cast<double>(all.size());
  statistics.mean = std::accumulate(all.begin(), all.end(), 0.0) / count;
  statistics.open = static_cast<double>(std::count_if(all.begin(), all.end(),
                                                      [](double g) { return g > kOpenGate; })) /
                    count;
  for (std::size_t q = 0; q < kQuantiles.size(); ++q)
    statistics.quantiles[q] = quantile(all, kQuantiles[q]);
  const auto bins = static_cast<double>(statistics.histogram.size());
  for (const double gate : all)
    ++statistics.histogram[static_cast<std::size_t>(std::clamp(gate * bins, 0.0, bins - 1))];
  statistics.widest = widest_words(gates_of, words, often);
  return statistics;
}

AttentionStatistics attention_statistics(const std::vector<std::vector<double>>& attention) {
  AttentionStatistics statistics;
  for (const std::vector<double>& weights : attention) {
    if (weights.size() < 2) continue;
    const auto regions = static_cast<double>(weights.size());
    double entropy = 0;
    for (const double weight : weights)
      if (weight > 0) entropy -= weight * std::log(weight);
    ++statistics.pieces;
    statistics.entropy += entropy / std::log(regions);
    statistics.largest += *std::max_element(weights.begin(), weights.end());
    statistics.largest_if_even += 1 / regions;
  }
  if (statistics.pieces == 0) return statistics;
  for (double* sum : {&statistics.entropy, &statistics.largest, &statistics.largest_if_even})
    *sum /= static_cast<double>(statistics.pieces);
  return statistics;
}

}  // namespace penalmt
