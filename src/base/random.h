// Random numbers that are the same on every machine: a generator of our own, since the standard
// library's distributions and std::shuffle differ from one implementation to the next.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace penalmt {

// The step of splitmix64 (Steele, Lea and Flood 2014): a bijection of 64 bits whose outputs pass
// for random.
constexpr uint64_t mix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// splitmix64: one 64-bit state, 2^64 different numbers.
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  // A generator for one of many numbered jobs, so that the order in which threads do them does not
  // matter.
  SplitMix64(uint64_t seed, uint64_t stream)
      : state_(SplitMix64(seed ^ SplitMix64(stream).next()).next()) {}

  uint64_t next() {
    const uint64_t drawn = mix64(state_);
    state_ += 0x9E3779B97F4A7C15u;
    return drawn;
  }
  // Evenly one of 0 ... bound - 1; bound at least 1. Draws that would favour small numbers are
  // thrown away.
  uint64_t below(uint64_t bound) {
    const uint64_t unfair = (0 - bound) % bound;  // 2^64 mod bound
    uint64_t draw = next();
    while (draw < unfair) draw = next();
    return draw % bound;
  }
  // In [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double between(double low, double high) { return low + (high - low) * uniform(); }

 private:
  uint64_t state_;
};

// Fisher and Yates: every order is equally likely.
template <class T>
void shuffle(std::vector<T>& items, SplitMix64& random) {
  for (std::size_t left = items.size(); left > 1; --left)
    std::swap(items[left - 1], items[random.below(left)]);
}

}  // namespace penalmt
