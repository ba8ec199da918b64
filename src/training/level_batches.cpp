#include "training/level_batches.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace penalmt {
namespace {

using Batch = std::vector<int64_t>;

// What one process has to do in an update.
struct Share {
  std::vector<Batch*> batches;
  double cost = 0;
};

// The sentence of the batch whose move closes a gap best: one of about half of it. Its place, or
// the batch's size where any would only turn the gap round.
size_t best_to_move(const Batch& batch, double gap, const std::function<double(int64_t)>& cost) {
  size_t best = batch.size();
  double smallest = gap;  // what is left of it
  for (size_t i = 0; i < batch.size(); ++i) {
    const double left = std::abs(gap - 2 * cost(batch[i]));
    if (left >= smallest) continue;
    smallest = left;
    best = i;
  }
  return best;
}

// Moves one sentence from the share that has the most to the one that has the least; false where
// that helps no more.
bool move_one(std::vector<Share>& shares, const std::function<double(int64_t)>& cost) {
  const auto by_cost = [](const Share& a, const Share& b) { return a.cost < b.cost; };
  const auto [least, most] = std::minmax_element(shares.begin(), shares.end(), by_cost);
  const auto by_size = [](const Batch* a, const Batch* b) { return a->size() < b->size(); };
  Batch& from = **std::max_element(most->batches.begin(), most->batches.end(), by_size);
  Batch& to = **std::min_element(least->batches.begin(), least->batches.end(), by_size);
  const size_t place = best_to_move(from, most->cost - least->cost, cost);
  if (place == from.size() || from.size() == 1) return false;
  const int64_t sentence = from[place];
  from.erase(from.begin() + static_cast<int64_t>(place));
  to.push_back(sentence);
  most->cost -= cost(sentence);
  least->cost += cost(sentence);
  return true;
}

}  // namespace

void level_batches(std::vector<std::vector<int64_t>>& batches, int64_t accumulate,
                   int64_t processes, const std::function<double(int64_t)>& cost) {
  const auto count = static_cast<int64_t>(batches.size());
  for (int64_t first = 0; first < count; first += accumulate) {
    const int64_t last = std::min(first + accumulate, count);
    std::vector<Share> shares(std::min(processes, last - first));
    for (int64_t b = first; b < last; ++b) {
      Share& share = shares[(b - first) % static_cast<int64_t>(shares.size())];
      share.batches.push_back(&batches[b]);
      for (const int64_t sentence : batches[b]) share.cost += cost(sentence);
    }
    if (shares.size() < 2) continue;
    while (move_one(shares, cost)) {
    }
  }
}

}  // namespace penalmt
