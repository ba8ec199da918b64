#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "base/interrupt.h"
#include "base/thread_count.h"

namespace penalmt {
namespace {

// Adds a thread; false where the system has none to give.
bool start(std::vector<std::thread>& threads, const std::function<void()>& work) {
  try {
    threads.emplace_back(work);
  } catch (const std::system_error&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

}  // namespace

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
    if (!start(helpers, work)) break;
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

int threads_to_be_had(int wanted) {
  std::mutex waiting;
  std::unique_lock held(waiting);
  std::vector<std::thread> threads;
  const auto wait = [&] { const std::lock_guard until_all_have_begun(waiting); };
  while (static_cast<int>(threads.size()) + 1 < wanted && start(threads, wait)) {
  }
  held.unlock();
  for (std::thread& thread : threads) thread.join();
  return static_cast<int>(threads.size()) + 1;
}

}  // namespace penalmt
