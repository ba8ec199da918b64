#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/interrupt.h"

namespace penalmt {

void parallel_for(int64_t count, int threads, const std::function<void(int64_t)>& job) {
  std::atomic<int64_t> next = 0;
  std::mutex failing;
  int64_t first_failed = count;
  std::exception_ptr failure;
  const auto work = [&] {
    for (int64_t i = next++; i < count; i = next++) {
      try {
        throw_if_interrupted();
        job(i);
      } catch (...) {
        const std::lock_guard lock(failing);
        if (i < first_failed) {
          first_failed = i;
          failure = std::current_exception();
        }
        next = count;  // all jobs before this one have begun already
      }
    }
  };
  if (threads < 1) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> helpers;
  for (int64_t helper = 1; helper < std::min<int64_t>(threads, count); ++helper)
    helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace penalmt
