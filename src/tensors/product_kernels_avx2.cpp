// The product kernels for processors with AVX2.
#include "tensors/product_kernels.h"

#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#pragma GCC target("arch=x86-64-v3")
#include <immintrin.h>
#define PENALMT_INSTRUCTIONS avx2
#define PENALMT_REGISTER_BYTES 32
#include "tensors/product_kernels.inc"

namespace penalmt {
namespace avx2 {

// Four columns' products with four numbers of a row: eight sums of two.
PENALMT_INLINE __m256i pairs(__m256i weights, const uint8_t* numbers) {
  int32_t four;
  std::memcpy(&four, numbers, sizeof(four));
  const __m256i wide =
      _mm256_broadcastq_epi64(_mm_cvtepu8_epi16(_mm_cvtsi32_si128(four)));  // of 16 bits
  return _mm256_madd_epi16(weights, wide);
}

// Rows x 16 columns at a time.
template <int kRows>
void multiply_int8_block(const uint8_t* x, const float* scales, int64_t depth,
                         const Int8Panel& panel, float* out, int64_t stride) {
  for (int64_t first = 0; first < kPanel; first += 16) {
    __m256i sums[kRows][4];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (int g = 0; g < 4; ++g) sums[r][g] = _mm256_setzero_si256();
    for (int64_t k = 0; k < depth; k += 4) {
#pragma GCC unroll 4
      for (int g = 0; g < 4; ++g) {
        const int8_t* from = panel.weights + k * kPanel + (first + g * 4) * 4;
        const __m256i weights =
            _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r)
          sums[r][g] = _mm256_add_epi32(sums[r][g], pairs(weights, x + r * depth + k));
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (int g = 0; g < 4; g += 2) {
        const int64_t c = first + g * 4;
        const __m256i both =
            _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[r][g], sums[r][g + 1]), 0b11011000);
        const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel.start + c));
        const __m256 scale =
            _mm256_mul_ps(_mm256_loadu_ps(panel.scales + c), _mm256_set1_ps(scales[r]));
        _mm256_storeu_ps(out + r * stride + c,
                         _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(both, start)), scale,
                                         _mm256_loadu_ps(panel.bias + c)));
      }
  }
}

void multiply_int8(const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride) {
  int64_t r = 0;
  for (; r + 2 <= x.count; r += 2)
    multiply_int8_block<2>(x.numbers + r * x.depth, x.scales + r, x.depth, panel, out + r * stride,
                           stride);
  if (r < x.count)
    multiply_int8_block<1>(x.numbers + r * x.depth, x.scales + r, x.depth, panel, out + r * stride,
                           stride);
}

}  // namespace avx2

extern const ProductKernels kAvx2ProductKernels;
const ProductKernels kAvx2ProductKernels = {avx2::multiply, avx2::quantise, avx2::multiply_int8};
}  // namespace penalmt
#endif
