// The product kernels for processors with AVX-512; int8 for those with VNNI.
#include "tensors/product_kernels.h"

#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#pragma GCC target("arch=x86-64-v4")
#include <immintrin.h>
#define PENALMT_INSTRUCTIONS avx512
#define PENALMT_REGISTER_BYTES 64
#include "tensors/product_kernels.inc"

#pragma GCC push_options
#pragma GCC target("avx512vnni")
namespace penalmt {
namespace avx512 {

// The instruction by its name: GCC 12 copies each sum through memory around its built-in function
// (190 GOP/s, 350 so, on an AMD EPYC).
template <int kRows>
void multiply_int8_block(const uint8_t* x, const float* scales, int64_t depth,
                         const Int8Panel& panel, float* out, int64_t stride) {
  __m512i sums[kRows][4];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v) sums[r][v] = _mm512_loadu_si512(panel.start + v * 16);
  for (int64_t k = 0; k < depth; k += 4) {
    __m512i weights[4];
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v)
      weights[v] = _mm512_loadu_si512(panel.weights + k * kPanel + v * 64);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      int32_t four;
      std::memcpy(&four, x + r * depth + k, sizeof(four));
      const __m512i of_row = _mm512_set1_epi32(four);
#pragma GCC unroll 8
      for (int v = 0; v < 4; ++v)
        __asm__("vpdpbusd %2, %1, %0" : "+v"(sums[r][v]) : "v"(of_row), "v"(weights[v]));
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < 4; ++v) {
    const __m512 scale = _mm512_loadu_ps(panel.scales + v * 16),
                 bias = _mm512_loadu_ps(panel.bias + v * 16);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
      _mm512_storeu_ps(out + r * stride + v * 16,
                       _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][v]),
                                       _mm512_mul_ps(scale, _mm512_set1_ps(scales[r])), bias));
  }
}

template <int kRows>
void multiply_int8_rest(const QuantisedRows& x, int64_t first, const Int8Panel& panel, float* out,
                        int64_t stride) {
  if (x.count - first == kRows)
    return multiply_int8_block<kRows>(x.numbers + first * x.depth, x.scales + first, x.depth, panel,
                                      out + first * stride, stride);
  if constexpr (kRows > 1) multiply_int8_rest<kRows - 1>(x, first, panel, out, stride);
}

void multiply_int8(const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride) {
  int64_t r = 0;
  for (; r + kBlockRows < x.count; r += kBlockRows)
    multiply_int8_block<kBlockRows>(x.numbers + r * x.depth, x.scales + r, x.depth, panel,
                                    out + r * stride, stride);
  multiply_int8_rest<kBlockRows>(x, r, panel, out, stride);
}

}  // namespace avx512

extern const ProductKernels kAvx512ProductKernels, kVnniProductKernels, kAvx2ProductKernels;
// Without VNNI whole numbers are multiplied as AVX2 does it.
const ProductKernels kAvx512ProductKernels = {
    avx512::multiply, avx512::quantise,
    [](const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride) {
      kAvx2ProductKernels.multiply_int8(x, panel, out, stride);
    }};
const ProductKernels kVnniProductKernels = {avx512::multiply, avx512::quantise,
                                            avx512::multiply_int8};
}  // namespace penalmt
#pragma GCC pop_options
#endif
