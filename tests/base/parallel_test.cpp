#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace penalmt {
namespace {

TEST(ParallelFor, DoesEveryJobOnce) {
  for (const int threads : {0, 1, 2, 7}) {
    std::vector<std::atomic<int>> done(100);
    parallel_for(100, threads, [&](int64_t i) { ++done[i]; });
    for (const auto& times : done) EXPECT_EQ(times, 1);
  }
  parallel_for(0, 2, [](int64_t) { FAIL(); });
}

TEST(ParallelFor, ThrowsWhatTheFirstFailingJobThrew) {
  for (const int threads : {1, 4}) {
    try {
      parallel_for(200, threads, [](int64_t i) {
        if (i >= 30) throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "30");
    }
  }
}

}  // namespace
}  // namespace penalmt
