#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace penalmt::random_test {

TEST(SplitMix64, GivesThePublishedNumbers) {
  SplitMix64 random(1234567);
  for (const uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                  4593380528125082431u, 16408922859458223821u})
    EXPECT_EQ(random.next(), expected);
}

TEST(SplitMix64, DrawsEvenlyBelowABound) {
  SplitMix64 random(1);
  std::map<uint64_t, int> counts;
  for (int i = 0; i < 60000; ++i) ++counts[random.below(6)];
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [value, count] : counts) EXPECT_NEAR(count, 10000, 400) << value;
  EXPECT_EQ(random.below(1), 0u);
}

TEST(SplitMix64, HasStreamsOfItsOwn) {
  SplitMix64 first(7, 0), second(7, 1), again(7, 0), other_seed(8, 0);
  const uint64_t number = first.next();
  EXPECT_EQ(number, again.next());
  EXPECT_NE(number, second.next());
  EXPECT_NE(number, other_seed.next());
}

TEST(Shuffle, GivesEveryOrderEquallyOften) {
  std::map<std::vector<int>, int> counts;
  SplitMix64 random(3);
  for (int i = 0; i < 24000; ++i) {
    std::vector<int> items = {1, 2, 3, 4};
    shuffle(items, random);
    ++counts[items];
  }
  ASSERT_EQ(counts.size(), 24u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace penalmt::random_test
