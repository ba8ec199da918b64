// What the fused losses of the output layer share: arithmetic on rows of logits in float32 or
// bfloat16, a slice of rows at a time.
#pragma once

#include <bit>
#include <cstdint>

#include "tensors/row_kernels.h"

namespace penalmt {

// Rows of logits held at once. 256 x 10,000 floats are 10 MB: large enough for the products, small
// enough for the caches.
inline constexpr int64_t kRowsAtOnce = 256;
inline constexpr int64_t kNarrowRowsAtOnce = 1024;
inline constexpr int64_t kDeviceRowsAtOnce = 8192;  // of a GPU, whose memory is large

inline float widen(float x) { return x; }
inline float widen(uint16_t x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); }
inline void narrow(float value, float& out) { out = value; }
inline void narrow(float value,
                   uint16_t& out) {  // round to nearest, ties to even; never called with NaN
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  out = static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

// As row_kernels().exponentials.
inline LogitSums exponentials_of(const float* logits, int64_t n, float* to) {
  return row_kernels().exponentials(logits, n, to);
}
inline LogitSums exponentials_of(const uint16_t* logits, int64_t n, float* to) {
  return row_kernels().narrow_exponentials(logits, n, to);
}

}  // namespace penalmt
