// Sixteen floats at a time, in GCC's vector extension: one source for every instruction set. For
// the kernels of the .inc files only, which are compiled once for each set, with
// PENALMT_INSTRUCTIONS naming it and PENALMT_REGISTER_BYTES saying how wide its registers are: the
// names differ, so that the linker never takes one set's function for another's. (Attributes such
// as target_clones do not do: GCC 12 takes vectors apart for the least of the sets before it makes
// the clones; a broadcast became sixteen masked moves.)
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#define PENALMT_INLINE __attribute__((always_inline)) inline

namespace penalmt::simd {
inline namespace PENALMT_INSTRUCTIONS {

constexpr int64_t kLanes = 16;
constexpr int64_t kRegisterLanes = PENALMT_REGISTER_BYTES / sizeof(float);
constexpr int kSumsAtOnce = PENALMT_REGISTER_BYTES == 64 ? 8 : 4;  // of Floats, in registers
using Floats4 = float __attribute__((vector_size(16)));
using Floats8 = float __attribute__((vector_size(32)));
using Register = float __attribute__((vector_size(PENALMT_REGISTER_BYTES)));
using RegisterInts = int32_t __attribute__((vector_size(PENALMT_REGISTER_BYTES)));
using RegisterWords = uint32_t __attribute__((vector_size(PENALMT_REGISTER_BYTES)));
using RegisterHalves = uint16_t __attribute__((vector_size(PENALMT_REGISTER_BYTES / 2)));

// Two vectors as one. (GCC 12 takes a vector that is wider than a register through memory, and
// chooses between two of them number by number.)
template <class Half>
struct Pair {
  Half low = {}, high = {};

  Pair() = default;
  PENALMT_INLINE Pair(Half low, Half high) : low(low), high(high) {}
  PENALMT_INLINE Pair(float value) : low(value - Half{}), high(value - Half{}) {}

  friend PENALMT_INLINE Pair operator+(Pair a, Pair b) { return {a.low + b.low, a.high + b.high}; }
  friend PENALMT_INLINE Pair operator-(Pair a, Pair b) { return {a.low - b.low, a.high - b.high}; }
  friend PENALMT_INLINE Pair operator*(Pair a, Pair b) { return {a.low * b.low, a.high * b.high}; }
  friend PENALMT_INLINE Pair operator-(Pair a) { return {-a.low, -a.high}; }
  PENALMT_INLINE Pair& operator+=(Pair b) { return *this = *this + b; }
  PENALMT_INLINE Pair& operator-=(Pair b) { return *this = *this - b; }
};

template <int64_t kCount>
struct FloatsOf {
  using Type = Pair<typename FloatsOf<kCount / 2>::Type>;
};
template <>
struct FloatsOf<kRegisterLanes> {
  using Type = Register;
};
using Floats = FloatsOf<kLanes>::Type;

// Below, V is a register's vector or a pair.
template <class V>
constexpr int64_t kLanesOf = sizeof(V) / sizeof(float);
template <class V>
constexpr bool kIsPair = false;
template <class Half>
constexpr bool kIsPair<Pair<Half>> = true;
template <class V>
using HalfOf = typename FloatsOf<kLanesOf<V> / 2>::Type;

PENALMT_INLINE Register load_register(const float* from) {
  Register value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
PENALMT_INLINE void store_register(float* to, Register value) {
  std::memcpy(to, &value, sizeof(value));
}

// bfloat16, the upper half of a float; stored with rounding to the nearest, ties to even. Not for
// NaN.
PENALMT_INLINE Register load_register(const uint16_t* from) {
  RegisterHalves halves;
  std::memcpy(&halves, from, sizeof(halves));
  const RegisterInts bits = __builtin_convertvector(halves, RegisterInts) << 16;
  Register value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
PENALMT_INLINE void store_register(uint16_t* to, Register value) {
  RegisterWords bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const RegisterHalves halves =
      __builtin_convertvector((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16, RegisterHalves);
  std::memcpy(to, &halves, sizeof(halves));
}

template <class V = Floats, class Scalar>
PENALMT_INLINE V load(const Scalar* from) {
  if constexpr (kIsPair<V>)
    return {load<HalfOf<V>>(from), load<HalfOf<V>>(from + kLanesOf<V> / 2)};
  else
    return load_register(from);
}
template <class Scalar, class V>
PENALMT_INLINE void store(Scalar* to, V value) {
  if constexpr (kIsPair<V>) {
    store(to, value.low);
    store(to + kLanesOf<V> / 2, value.high);
  } else {
    store_register(to, value);
  }
}

PENALMT_INLINE Floats all(float value) { return value - Floats{}; }

template <class V>
PENALMT_INLINE V larger(V a, V b) {
  if constexpr (kIsPair<V>)
    return {larger(a.low, b.low), larger(a.high, b.high)};
  else
    return a > b ? a : b;
}

// The first `count` lanes of the value, `other` in those after them.
template <class V>
PENALMT_INLINE V first_lanes(V value, int64_t count, float other) {
  if constexpr (kIsPair<V>) {
    return {first_lanes(value.low, count, other),
            first_lanes(value.high, count - kLanesOf<V> / 2, other)};
  } else {
    RegisterInts numbers;
    for (int i = 0; i < kRegisterLanes; ++i) numbers[i] = i;
    return numbers < static_cast<int32_t>(count) ? value : other - V{};
  }
}

// One vector of 4 from all of V, `join` making one of two.
template <class V, class Join>
PENALMT_INLINE Floats4 folded(V a, const Join& join) {
  if constexpr (std::is_same_v<V, Floats4>) {
    return a;
  } else if constexpr (std::is_same_v<V, Floats8>) {
    return join(__builtin_shufflevector(a, a, 0, 1, 2, 3),
                __builtin_shufflevector(a, a, 4, 5, 6, 7));
  } else if constexpr (kIsPair<V>) {
    return folded(join(a.low, a.high), join);
  } else {
    return folded(join(__builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7),
                       __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15)),
                  join);
  }
}

template <class V>
PENALMT_INLINE Floats4 sums_of_four(V a) {
  return folded(
      a, [](auto x, auto y) __attribute__((always_inline)) { return x + y; });
}
template <class V>
PENALMT_INLINE float sum(V a) {
  const Floats4 four = sums_of_four(a);
  return (four[0] + four[2]) + (four[1] + four[3]);
}
template <class V>
PENALMT_INLINE float largest(V a) {
  const Floats4 four = folded(
      a, [](auto x, auto y) __attribute__((always_inline)) { return larger(x, y); });
  const Floats4 turned = __builtin_shufflevector(four, four, 2, 3, 0, 1);
  const Floats4 two = larger(four, turned);
  return two[0] > two[1] ? two[0] : two[1];
}
// to[0..3] = the sums of a, b, c, d: a quarter of four single sums' work.
PENALMT_INLINE void sum_four(Floats a, Floats b, Floats c, Floats d, float* to) {
  const Floats4 a4 = sums_of_four(a), b4 = sums_of_four(b), c4 = sums_of_four(c),
                d4 = sums_of_four(d);
  const Floats4 ab = __builtin_shufflevector(a4, b4, 0, 1, 4, 5) +
                     __builtin_shufflevector(a4, b4, 2, 3, 6, 7);  // a a b b
  const Floats4 cd =
      __builtin_shufflevector(c4, d4, 0, 1, 4, 5) + __builtin_shufflevector(c4, d4, 2, 3, 6, 7);
  const Floats4 abcd =
      __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
  std::memcpy(to, &abcd, sizeof(abcd));
}

// Bit i: lane i is above the bar. (GCC's vectors have no such thing: by the instructions' names.)
template <class V>
PENALMT_INLINE uint32_t lanes_above(V a, float bar) {
  if constexpr (kIsPair<V>) {
    return lanes_above(a.low, bar) | lanes_above(a.high, bar) << kLanesOf<V> / 2;
  } else {
    [[maybe_unused]] constexpr int kAbove = 30;  // _CMP_GT_OQ
#if PENALMT_REGISTER_BYTES == 64
    return __builtin_ia32_cmpps512_mask(a, bar - V{}, kAbove, static_cast<uint16_t>(-1), 4);
#elif PENALMT_REGISTER_BYTES == 32
    return static_cast<uint32_t>(
        __builtin_ia32_movmskps256(__builtin_ia32_cmpps256(a, bar - V{}, kAbove)));
#else
    uint32_t lanes = 0;
    for (int64_t i = 0; i < kRegisterLanes; ++i) lanes |= static_cast<uint32_t>(a[i] > bar) << i;
    return lanes;
#endif
  }
}

// e^x for x <= 0, within 2 units in the last place; 0 below -87.
template <class V>
PENALMT_INLINE V exp_of_negative(V x) {
  if constexpr (kIsPair<V>) {
    return {exp_of_negative(x.low), exp_of_negative(x.high)};
  } else {
    const V least = -87.0f - V{};
    const V bounded = larger(x, least);
    const V shift =
        12582912.0f - V{};  // 1.5 * 2^23: adding it rounds to a whole number, in the low bits
    const V shifted = bounded * 1.44269504f + shift;
    const V whole = shifted - shift;
    V r = bounded - whole * 0.693359375f;  // ln 2 in two parts (Cody and Waite)
    r = r - whole * -2.12194440e-4f;
    V p = r * 1.9875691500e-4f + 1.3981999507e-3f;  // Cephes expf
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    RegisterInts bits, power;
    std::memcpy(&bits, &p, sizeof(bits));
    std::memcpy(&power, &shifted, sizeof(power));
    bits += power << 23;
    std::memcpy(&p, &bits, sizeof(p));
    return x < least ? V{} : p;
  }
}

}  // namespace PENALMT_INSTRUCTIONS
}  // namespace penalmt::simd
