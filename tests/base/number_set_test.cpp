#include "base/number_set.h"

#include <gtest/gtest.h>

#include <set>

namespace penalmt::number_set_test {

TEST(NumberSet, HoldsEachNumberOnceInOrder) {
  NumberSet numbers(130);
  EXPECT_TRUE(numbers.ascending().empty());
  std::set<int> expected;
  for (const std::vector<int>& some :
       std::vector<std::vector<int>>{{129, 64, 0}, {}, {63, 64, 127, 0}, {128, 1, 1}}) {
    numbers.add(some);
    expected.insert(some.begin(), some.end());
    EXPECT_EQ(numbers.ascending(), std::vector<int>(expected.begin(), expected.end()));
  }
}

}  // namespace penalmt::number_set_test
