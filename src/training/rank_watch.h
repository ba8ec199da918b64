// Tells the other processes that this one lives, and hears how they do.
//
// Each process counts its own key up, twice a second, in the store where they meet. Rank 0 watches
// all counts, the others that of rank 0; a process that fails writes down why, and rank 0 writes
// down who has fallen silent. So all hear of the same end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <torch/csrc/distributed/c10d/Store.hpp>

#include "training/process_group.h"

namespace penalmt {

class RankWatch : public std::enable_shared_from_this<RankWatch> {
 public:
  // `store`: a connection that nobody else uses. `names`: what each process is called in messages,
  // rank 0's at least. A process that gives no sign of life for `silence` is taken for gone. To be
  // ended by leave().
  static std::shared_ptr<RankWatch> begin(c10::intrusive_ptr<c10d::Store> store,
                                          std::vector<std::string> names, int rank,
                                          std::chrono::milliseconds silence);

  ~RankWatch();

  // Tells the others how this process ended, where it has no watch yet.
  static void tell(c10d::Store& store, const ProcessEnd& end);
  // How another process ended, where one did; this one is then asked to end, too (ask_for_end,
  // base/interrupt.h).
  std::optional<ProcessEnd> other_end();
  // A connection was lost: a process that is silent is given up sooner, by all.
  void hurry();
  // The last word of this process: its failure, where it has one that the others have not heard.
  // Rank 0 waits until the others have left, or have fallen silent.
  void leave(const std::optional<ProcessEnd>& failure);

 private:
  using Clock = std::chrono::steady_clock;
  RankWatch(c10::intrusive_ptr<c10d::Store> store, std::vector<std::string> names, int rank,
            std::chrono::milliseconds silence);
  struct Heard {
    int64_t count = -1;
    Clock::time_point at;
    bool left = false;
  };
  void run();
  void speak_and_listen();
  void listen_to(int rank);
  void set_end(const ProcessEnd& end);
  bool all_left();

  // The thread's.
  c10::intrusive_ptr<c10d::Store> store_;
  const std::vector<std::string> names_;
  const int rank_;
  std::vector<Heard> heard_;  // by rank
  Clock::time_point last_round_;

  // Both threads'.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::chrono::milliseconds silence_;
  std::optional<ProcessEnd> end_, own_;
  Clock::time_point contact_;                   // the last time that the store answered
  std::optional<Clock::time_point> suspected_;  // when it was first seen not to
  bool leaving_ = false, left_ = false, lost_ = false, hurries_ = false;
  std::thread thread_;  // holds this object: it may outlive the group, in a question that hangs
};

}  // namespace penalmt
