#include "base/parallel.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/thread_count.h"

namespace penalmt::parallel_test {

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

// Runs `action` in a child whose memory has room for a few threads' stacks alone; its exit status.
int in_little_memory(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t bytes = pages * static_cast<rlim_t>(getpagesize()) + (rlim_t{100} << 20);
    const rlimit limit = {bytes, bytes};
    setrlimit(RLIMIT_AS, &limit);
    _exit(action());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(ParallelFor, GoesOnWithTheThreadsThatThereAre) {
  EXPECT_EQ(in_little_memory([] {
              std::atomic<int> done = 0;
              parallel_for(1000, 500, [&](int64_t) { ++done; });
              return done == 1000 ? 0 : 1;
            }),
            0);
}

TEST(ParallelFor, CountsTheThreadsThatAreToBeHad) {
  EXPECT_EQ(threads_to_be_had(0), 1);
  EXPECT_EQ(threads_to_be_had(7), 7);
  const int few = in_little_memory([] { return threads_to_be_had(100); });
  EXPECT_GE(few, 2);
  EXPECT_LE(few, 40);
}

// A thread that has ended counts against the limit a moment longer: the next one must find its
// place.
TEST(ParallelFor, ThreadsThatEndedLeaveTheirPlaces) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become a user without other processes";
  const pid_t child = fork();
  if (child == 0) {
    if (setuid(static_cast<uid_t>(20000 + getpid() % 40000)) != 0) _exit(2);
    const rlimit three = {3, 3};
    setrlimit(RLIMIT_NPROC, &three);
    int done = 0;
    for (int i = 0; i < 200; ++i)
      done += threads_to_be_had(3) == 3 && run_in_thread([] {}) && run_in_thread([] {}) ? 1 : 0;
    _exit(done == 200 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace penalmt::parallel_test
