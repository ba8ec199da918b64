// What the fused losses of the output layer share: arithmetic on rows of logits in float32 or
// bfloat16, a slice of rows at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace penalmt {

// Rows of logits held at once. 256 x 10,000 floats are 10 MB: large enough for the products, small
// enough for the caches.
inline constexpr int64_t kRowsAtOnce = 256;
inline constexpr int64_t kNarrowRowsAtOnce = 1024;
inline constexpr int64_t kDeviceRowsAtOnce = 8192;  // of a GPU, whose memory is large

// e^x for x <= 0 to 2e-7 relative (degree-6 polynomial on [-ln 2 / 2, ln 2 / 2]); a plain
// expression, so that loops vectorise.
inline float exp_negative(float x) {
  x = x < -87.0f ? -87.0f : x;
  const float shifted =
      x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the sum's low bits are round(x / ln 2)
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return std::bit_cast<float>(std::bit_cast<int32_t>(p) + (static_cast<int32_t>(n) << 23));
}

inline float widen(float x) { return x; }
inline float widen(uint16_t x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); }
inline void narrow(float value, float& out) { out = value; }
inline void narrow(float value,
                   uint16_t& out) {  // round to nearest, ties to even; never called with NaN
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  out = static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

// A row's highest logit, and the logarithm of its mass: log sum e^(x - highest).
struct RowMass {
  float highest, log_mass;
};

template <class Scalar>
__attribute__((always_inline)) inline RowMass mass_of(const Scalar* __restrict logits,
                                                      int64_t vocabulary) {
  float highest = widen(logits[0]);
#pragma omp simd reduction(max : highest)
  for (int64_t v = 0; v < vocabulary; ++v)
    highest = widen(logits[v]) > highest ? widen(logits[v]) : highest;
  float mass = 0;
#pragma omp simd reduction(+ : mass)
  for (int64_t v = 0; v < vocabulary; ++v) mass += exp_negative(widen(logits[v]) - highest);
  return {highest, std::log(mass)};
}

}  // namespace penalmt
