// The inner functions of counter-based dropout, shared by the kernels that draw.
#pragma once

#include <cstdint>

#include "tensors/counter_random.h"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Compiled for three instruction sets, chosen when the program starts. (The resolvers would run
// before a sanitizer is ready.)
#define PENALMT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PENALMT_CLONES
#endif

namespace penalmt {

// MurmurHash3's finaliser over 32 bits.
inline uint32_t mix32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x85EBCA6Bu;
  x ^= x >> 13;
  x *= 0xC2B2AE35u;
  return x ^ (x >> 16);
}

// One 32-bit draw serves the channels c and c + half: half the multiplications.
inline uint32_t channel_bits(uint64_t key, uint32_t channel) {
  return mix32(static_cast<uint32_t>(key) + channel * 0x9E3779B9u) ^
         static_cast<uint32_t>(key >> 32);
}

inline uint64_t row_key(int64_t counter, uint64_t site) {
  return mix64(static_cast<uint64_t>(counter) ^ mix64(site));
}

// factors[c] = 0 or `scale` for c < channels.
template <class Scalar>
__attribute__((always_inline)) inline void fill_factors(Scalar* __restrict factors,
                                                        int64_t channels, uint64_t key,
                                                        uint32_t threshold, Scalar scale) {
  const int64_t half = (channels + 1) / 2;
#pragma omp simd
  for (int64_t c = 0; c < half; ++c)
    factors[c] =
        (channel_bits(key, static_cast<uint32_t>(c)) & 0xFFFFu) < threshold ? Scalar(0) : scale;
#pragma omp simd
  for (int64_t c = 0; c < channels - half; ++c)
    factors[half + c] =
        (channel_bits(key, static_cast<uint32_t>(c)) >> 16) < threshold ? Scalar(0) : scale;
}

}  // namespace penalmt
