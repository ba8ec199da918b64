#include "base/parallel.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/progress.h"
#include "base/thread_count.h"

namespace penalmt {
namespace {

// Threads that wait until all of them are there. Where the system has no more to give, half of them
// end again: what is left of the memory is for their work.
class Helpers {
 public:
  // False where the system has none to give.
  bool add(const std::function<void()>& work) {
    try {
      threads_.emplace_back([this, work, number = size()] {
        say([&] { ids_.push_back(gettid()); });
        if (is_needed(number)) work();
      });
    } catch (const std::system_error&) {
      limited_ = true;
    } catch (const std::bad_alloc&) {
      limited_ = true;
    }
    return !limited_;
  }
  // The system had no more.
  bool is_limited() const { return limited_; }
  int64_t size() const { return static_cast<int64_t>(threads_.size()); }

  void begin() {
    if (limited_) {
      say([&] { needed_ = size() / 2; });
      for (; size() > needed_; threads_.pop_back()) threads_.back().join();
    }
    say([&] { begun_ = true; });
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
  }
  // A joined thread counts against the user's limit a moment longer, as long as the system lists
  // it.
  void wait_until_gone() const {
    constexpr int kMost = 10000;  // a second; it takes a millisecond or two
    for (int waited = 0; waited < kMost && std::any_of(ids_.begin(), ids_.end(), is_listed);
         ++waited)
      std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

 private:
  static bool is_listed(pid_t id) {
    return access(fmt::format("/proc/self/task/{}", id).c_str(), F_OK) == 0;
  }
  bool is_needed(int64_t number) {
    std::unique_lock lock(deciding_);
    decided_.wait(lock, [&] { return begun_ || number >= needed_; });
    return number < needed_;
  }
  void say(const std::function<void()>& what) {
    {
      const std::lock_guard lock(deciding_);
      what();
    }
    decided_.notify_all();
  }

  std::vector<std::thread> threads_;
  std::vector<pid_t> ids_;
  bool limited_ = false;
  std::mutex deciding_;
  std::condition_variable decided_;
  int64_t needed_ = std::numeric_limits<int64_t>::max();  // threads from this number on end
  bool begun_ = false;
};

// Once a process: the first lack is the one to know of.
void say_how_many(int64_t threads, int64_t wanted) {
  static std::atomic<bool> said = false;
  if (!said.exchange(true))
    message(fmt::format("the system has no {} threads to give; going on with {}", wanted, threads));
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
  Helpers helpers;
  while (helpers.size() + 1 < std::min<int64_t>(threads, count) && helpers.add(work)) {
  }
  helpers.begin();
  if (helpers.is_limited()) say_how_many(helpers.size() + 1, std::min<int64_t>(threads, count));
  work();
  helpers.join();
  if (failure) std::rethrow_exception(failure);
}

int threads_to_be_had(int wanted) {
  Helpers helpers;
  while (helpers.size() + 1 < wanted && helpers.add([] {})) {
  }
  helpers.begin();
  auto threads = static_cast<int>(helpers.size()) + 1;
  helpers.join();
  helpers.wait_until_gone();
  if (!helpers.is_limited()) return threads;
  threads = std::min(threads, static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  say_how_many(threads, wanted);
  return threads;
}

bool run_in_thread(const std::function<void()>& work) {
  Helpers helper;
  const bool began = helper.add(work);
  if (began) helper.begin();
  helper.join();
  helper.wait_until_gone();
  return began;
}

}  // namespace penalmt
