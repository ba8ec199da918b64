// Sixteen floats at a time, in GCC's vector extension: one source for every instruction set. For
// the kernels of the .inc files only, which are compiled once for each set, with
// PENALMT_INSTRUCTIONS naming it and PENALMT_REGISTER_BYTES saying how wide its registers are: the
// names differ, so that the linker never takes one set's function for another's. (Attributes such
// as target_clones do not do: GCC 12 takes vectors apart for the least of the sets before it makes
// the clones; a broadcast became sixteen masked moves.)
#pragma once

#include <cstdint>
#include <cstring>

#define PENALMT_INLINE __attribute__((always_inline)) inline

namespace penalmt::simd {
inline namespace PENALMT_INSTRUCTIONS {

constexpr int64_t kLanes = 16;
constexpr int kSumsAtOnce = PENALMT_REGISTER_BYTES == 64 ? 8 : 2;  // of Floats, in registers
using Floats = float __attribute__((vector_size(64)));
using Ints = int32_t __attribute__((vector_size(64)));
using Words = uint32_t __attribute__((vector_size(64)));
using Halves = uint16_t __attribute__((vector_size(32)));
using Floats8 = float __attribute__((vector_size(32)));

PENALMT_INLINE Floats load(const float* from) {
  Floats value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
PENALMT_INLINE void store(float* to, Floats value) { std::memcpy(to, &value, sizeof(value)); }

// bfloat16, the upper half of a float; stored with rounding to the nearest, ties to even. Not for
// NaN.
PENALMT_INLINE Floats load(const uint16_t* from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof(halves));
  const Ints bits = __builtin_convertvector(halves, Ints) << 16;
  Floats value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
PENALMT_INLINE void store(uint16_t* to, Floats value) {
  Words bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const Halves halves =
      __builtin_convertvector((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16, Halves);
  std::memcpy(to, &halves, sizeof(halves));
}
PENALMT_INLINE Floats all(float value) { return value - Floats{}; }
PENALMT_INLINE Floats larger(Floats a, Floats b) { return a > b ? a : b; }

PENALMT_INLINE Floats8 low(Floats a) {
  return __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7);
}
PENALMT_INLINE Floats8 high(Floats a) {
  return __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15);
}

PENALMT_INLINE float sum(Floats a) {
  Floats8 b = low(a) + high(a);
  b += __builtin_shufflevector(b, b, 4, 5, 6, 7, 0, 1, 2, 3);
  b += __builtin_shufflevector(b, b, 2, 3, 0, 1, 6, 7, 4, 5);
  return b[0] + b[1];
}
PENALMT_INLINE float largest(Floats a) {
  Floats8 b = low(a) > high(a) ? low(a) : high(a);
  Floats8 c = __builtin_shufflevector(b, b, 4, 5, 6, 7, 0, 1, 2, 3);
  b = b > c ? b : c;
  c = __builtin_shufflevector(b, b, 2, 3, 0, 1, 6, 7, 4, 5);
  b = b > c ? b : c;
  return b[0] > b[1] ? b[0] : b[1];
}
// Bit i: lane i is above the bar. (GCC's vectors have no such thing: by the instructions' names.)
PENALMT_INLINE uint32_t lanes_above(Floats a, float bar) {
  [[maybe_unused]] constexpr int kAbove = 30;  // _CMP_GT_OQ
#if PENALMT_REGISTER_BYTES == 64
  return __builtin_ia32_cmpps512_mask(a, all(bar), kAbove, static_cast<uint16_t>(-1), 4);
#elif PENALMT_REGISTER_BYTES == 32
  const Floats8 limit = bar - Floats8{};
  const auto of_half = [&](Floats8 half) {
    return static_cast<uint32_t>(
        __builtin_ia32_movmskps256(__builtin_ia32_cmpps256(half, limit, kAbove)));
  };
  return of_half(low(a)) | of_half(high(a)) << 8;
#else
  uint32_t lanes = 0;
  for (int64_t i = 0; i < kLanes; ++i) lanes |= static_cast<uint32_t>(a[i] > bar) << i;
  return lanes;
#endif
}
PENALMT_INLINE bool any_above(Floats a, float bar) { return lanes_above(a, bar) != 0; }
// to[0..3] = the sums of a, b, c, d: a quarter of four single sums' work.
PENALMT_INLINE void sum_four(Floats a, Floats b, Floats c, Floats d, float* to) {
  const Floats8 a8 = low(a) + high(a), b8 = low(b) + high(b), c8 = low(c) + high(c),
                d8 = low(d) + high(d);
  const Floats8 ab =
      __builtin_shufflevector(a8, b8, 0, 1, 2, 3, 8, 9, 10, 11) +
      __builtin_shufflevector(a8, b8, 4, 5, 6, 7, 12, 13, 14, 15);  // a a a a b b b b
  const Floats8 cd = __builtin_shufflevector(c8, d8, 0, 1, 2, 3, 8, 9, 10, 11) +
                     __builtin_shufflevector(c8, d8, 4, 5, 6, 7, 12, 13, 14, 15);
  const Floats8 acbd =
      __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13) +
      __builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);  // a a c c b b d d
  to[0] = acbd[0] + acbd[1];
  to[1] = acbd[4] + acbd[5];
  to[2] = acbd[2] + acbd[3];
  to[3] = acbd[6] + acbd[7];
}

// e^x for x <= 0, within 2 units in the last place; 0 below -87.
PENALMT_INLINE Floats exp_of_negative(Floats x) {
  const Floats bounded = larger(x, all(-87.0f));
  const Floats shift =
      all(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number, held in the low bits
  const Floats shifted = bounded * 1.44269504f + shift;
  const Floats whole = shifted - shift;
  Floats r = bounded - whole * 0.693359375f;  // ln 2 in two parts (Cody and Waite)
  r = r - whole * -2.12194440e-4f;
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;  // Cephes expf
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Ints bits, power;
  std::memcpy(&bits, &p, sizeof(bits));
  std::memcpy(&power, &shifted, sizeof(power));
  bits += power << 23;
  std::memcpy(&p, &bits, sizeof(p));
  return x < all(-87.0f) ? Floats{} : p;
}

}  // namespace PENALMT_INSTRUCTIONS
}  // namespace penalmt::simd
