// The n-grams of one sentence's references, without collisions: an n-gram is known by the id of its
// first n-1 words and its last word.
//
//   "a b" and "a c", words a = 7, b = 8, c = 9:   (root, 7) -> 1      (1, 8) -> 2      (1, 9) -> 3
//
// One table is used for sentence after sentence: clear() only raises a stamp.
#pragma once

#include <cstdint>
#include <vector>

namespace penalmt {

class NgramTable {
 public:
  static constexpr int32_t kRoot = 0, kAbsent = -1;

  NgramTable() : slots_(256) {}

  void clear() {
    size_ = 0;
    if (++stamp_ == 0) slots_.assign(slots_.size(), Slot{}), stamp_ = 1;
  }
  // Ids count from 1 in the order of insertion.
  int32_t size() const { return size_; }

  int32_t find(int32_t prefix, int32_t word) const {
    const Slot& slot = slots_[position(key(prefix, word))];
    return slot.stamp == stamp_ ? slot.id : kAbsent;
  }

  int32_t find_or_insert(int32_t prefix, int32_t word) {
    if (2 * static_cast<std::size_t>(size_) >= slots_.size()) grow();
    Slot& slot = slots_[position(key(prefix, word))];
    if (slot.stamp != stamp_) slot = {key(prefix, word), ++size_, stamp_};
    return slot.id;
  }

 private:
  struct Slot {
    uint64_t key = 0;
    int32_t id = 0;
    uint32_t stamp = 0;  // the slot is taken where this is the table's
  };

  static uint64_t key(int32_t prefix, int32_t word) {
    return static_cast<uint64_t>(static_cast<uint32_t>(prefix)) << 32 | static_cast<uint32_t>(word);
  }

  // Of the slot that holds `key`, or of the free one where it belongs. Linear probing; the size is
  // a power of two, half of it free.
  std::size_t position(uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (key * 0x9E3779B97F4A7C15u) >> 32 & mask;
    while (slots_[at].stamp == stamp_ && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.stamp == stamp_) slots_[position(slot.key)] = slot;
  }

  std::vector<Slot> slots_;
  uint32_t stamp_ = 1;
  int32_t size_ = 0;
};

}  // namespace penalmt
