// NumPy's default generator (numpy.random.default_rng), number for number: SeedSequence feeds PCG64
// (O'Neill, 2014: XSL-RR 128/64), and bounded integers are drawn by Lemire's method (2019).
#pragma once

#include <cstdint>

namespace penalmt {

class NumpyGenerator {
 public:
  explicit NumpyGenerator(uint64_t seed);

  // 64 and 32 random bits; a 64-bit draw serves two 32-bit ones, the lower half first.
  uint64_t next64();
  uint32_t next32();

  // As one element of integers(0, bound) or of choice(bound): 0 ... bound - 1, `bound` from 1 to
  // 2^32 - 1. A bound of 1 draws nothing.
  uint32_t below(uint32_t bound);

 private:
  unsigned __int128 state_ = 0, increment_ = 0;
  uint32_t kept_ = 0;  // the upper half of the last 64-bit draw
  bool has_kept_ = false;
};

// As the elements of one integers(2, size=..., dtype=bool): a 32-bit draw serves 32 of them, the
// lowest bit first. Another call of integers() begins with fresh bits: make another of these.
class NumpyBits {
 public:
  explicit NumpyBits(NumpyGenerator& generator) : generator_(generator) {}
  bool next() {
    if (left_ == 0) {
      bits_ = generator_.next32();
      left_ = 32;
    }
    const bool bit = (bits_ & 1) != 0;
    bits_ >>= 1;
    --left_;
    return bit;
  }

 private:
  NumpyGenerator& generator_;
  uint32_t bits_ = 0;
  int left_ = 0;
};

}  // namespace penalmt
