#include "training/level_batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace penalmt::level_batches_test {

using Batches = std::vector<std::vector<int64_t>>;

double cost(int64_t sentence) { return static_cast<double>(3 + sentence * 7 % 29); }

// Of what each process does in the update that begins with batch `first`.
std::vector<double> shares(const Batches& batches, int64_t first, int64_t accumulate,
                           int64_t processes) {
  std::vector<double> all(processes, 0.0);
  const int64_t last = std::min<int64_t>(first + accumulate, static_cast<int64_t>(batches.size()));
  for (int64_t b = first; b < last; ++b)
    for (const int64_t sentence : batches[b]) all[(b - first) % processes] += cost(sentence);
  return all;
}

std::vector<int64_t> sentences_of(const Batches& batches, int64_t first, int64_t accumulate) {
  std::vector<int64_t> all;
  for (int64_t b = first; b < first + accumulate && b < static_cast<int64_t>(batches.size()); ++b)
    all.insert(all.end(), batches[b].begin(), batches[b].end());
  std::sort(all.begin(), all.end());
  return all;
}

TEST(LevelBatches, GivesEveryProcessAsMuchToDo) {
  SplitMix64 random(5);
  Batches before(17);
  int64_t sentence = 0;
  for (auto& batch : before)
    for (uint64_t i = 0; i < 10 + random.next() % 40; ++i) batch.push_back(sentence++);
  for (const int64_t processes : {2, 3, 4})
    for (const int64_t accumulate : {int64_t{4}, int64_t{8}}) {
      Batches after = before;
      level_batches(after, accumulate, processes, cost);
      ASSERT_EQ(after.size(), before.size());
      for (int64_t first = 0; first < 17; first += accumulate) {
        EXPECT_EQ(sentences_of(after, first, accumulate), sentences_of(before, first, accumulate));
        const int64_t here = std::min({processes, 17 - first, accumulate});  // that have a batch
        const std::vector<double> work = shares(after, first, accumulate, here);
        const auto [least, most] = std::minmax_element(work.begin(), work.end());
        EXPECT_LE(*most - *least, 4) << processes << ' ' << accumulate << ' ' << first;
      }
      Batches again = before;
      level_batches(again, accumulate, processes, cost);
      EXPECT_EQ(again, after);
    }
}

TEST(LevelBatches, LeavesWhatCannotBeLevelled) {
  const Batches one_each = {{1}, {2}, {3}};
  Batches batches = one_each;
  level_batches(batches, 3, 3, cost);
  EXPECT_EQ(batches, one_each);
  const Batches longer = {{1, 2, 3}, {4}};
  batches = longer;
  level_batches(batches, 1, 2, cost);  // an update of one batch is one process's
  EXPECT_EQ(batches, longer);
  batches.clear();
  level_batches(batches, 2, 2, cost);
  EXPECT_TRUE(batches.empty());
}

}  // namespace penalmt::level_batches_test
