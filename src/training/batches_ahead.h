// An epoch's batches, each made by a thread while the one before it is learnt from on a device.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <system_error>
#include <utility>
#include <vector>

#include "tensors/devices.h"

namespace penalmt {

// The batch of that number in its epoch, for the update that `update` others came before.
struct BatchPlace {
  int64_t batch = 0, update = 0;
  bool operator==(const BatchPlace&) const = default;
};

// What comes after batches[i] of an update: another of them, or the first of the next update's,
// `accumulate` further (which may be beyond the epoch's end).
inline BatchPlace after(const std::vector<int64_t>& batches, size_t i, int64_t update,
                        int64_t accumulate) {
  return i + 1 < batches.size() ? BatchPlace{batches[i + 1], update}
                                : BatchPlace{batches.front() + accumulate, update + 1};
}

template <class Batch>
class BatchesAhead {
 public:
  // `make` is called by one thread at a time: a thread of ours, on which tensor operations run
  // alone, or the caller's.
  explicit BatchesAhead(std::function<Batch(const BatchPlace&)> make) : make_(std::move(make)) {}

  // Begins a batch, in place of one that was begun and not taken.
  void begin(const BatchPlace& place) {
    drop();
    place_ = place;
    try {
      begun_ = std::async(std::launch::async, [this, place] {
        const SingleThreadedScope alone;
        return make_(place);
      });
    } catch (const std::system_error&) {
      // No thread is to be had: it is made when it is taken.
    }
  }

  // That batch: as it was begun, or else made now. Throws what `make` throws.
  Batch take(const BatchPlace& place) {
    if (begun_.valid() && place_ == place) return begun_.get();
    drop();
    return make_(place);
  }

  // Waits for what was begun, and forgets it: before what `make` reads is changed.
  void drop() {
    if (begun_.valid()) std::exchange(begun_, {}).wait();
  }

 private:
  std::function<Batch(const BatchPlace&)> make_;
  BatchPlace place_;
  std::future<Batch> begun_;  // waits when it ends
};

}  // namespace penalmt
