// The product kernels for processors with AVX2; int8 for those with AVX-VNNI, too.
#include "tensors/product_kernels.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#ifdef __x86_64__
#pragma GCC target("arch=x86-64-v3")
#include <immintrin.h>
#define PENALMT_INSTRUCTIONS avx2
#define PENALMT_REGISTER_BYTES 32
#include "tensors/product_kernels.inc"

namespace penalmt {
namespace avx2 {

// Adds the sums of two products. By the instructions' names: GCC 12 makes all products first, for
// which it has not the registers.
PENALMT_INLINE void add_pairs(__m256i& sums, __m256i a, __m256i b) {
  __m256i products;
  __asm__("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
          : "+x"(sums), "=&x"(products)
          : "x"(a), "x"(b));
}

// Rows x 16 columns at a time: the products of a column's first and second, third and fourth
// numbers are summed by the instruction, the two sums at the end.
template <int kRows>
void multiply_int8_pairs(const QuantisedRows& x, int64_t row, const Int8Panel& panel, float* out,
                         int64_t stride) {
  for (int64_t first = 0; first < kPanel; first += 16) {
    __m256i sums[kRows][4];  // of four columns each
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (int g = 0; g < 4; ++g) sums[r][g] = _mm256_setzero_si256();
    for (int64_t k = 0; k < x.depth; k += 4) {
      __m256i numbers[kRows];  // the row's four, four times, in 16 bits
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        float four;  // the type for which GCC 12 broadcasts from memory
        std::memcpy(&four, x.numbers + (row + r) * x.depth + k, sizeof(four));
        numbers[r] = _mm256_cvtepu8_epi16(_mm_castps_si128(_mm_set1_ps(four)));
      }
#pragma GCC unroll 4
      for (int g = 0; g < 4; ++g) {
        const int8_t* from = panel.weights + k * kPanel + (first + g * 4) * 4;
        const __m256i weights =
            _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) add_pairs(sums[r][g], weights, numbers[r]);
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
            _mm256_mul_ps(_mm256_loadu_ps(panel.scales + c), _mm256_set1_ps(x.scales[row + r]));
        _mm256_storeu_ps(out + (row + r) * stride + c,
                         _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(both, start)), scale,
                                         _mm256_loadu_ps(panel.bias + c)));
      }
  }
}

void multiply_int8(const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride) {
  in_blocks<3>(x.count, [&](int64_t first, auto rows) {
    multiply_int8_pairs<rows>(x, first, panel, out, stride);
  });
}

// By its name, as in product_kernels_avx512.cpp.
void multiply_int8_vnni(const QuantisedRows& x, const Int8Panel& panel, float* out,
                        int64_t stride) {
  const auto dot = [](RegisterInts & sums, RegisterInts numbers, RegisterInts weights)
      __attribute__((always_inline)) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sums) : "x"(numbers), "x"(weights));
  };
  multiply_int8_by(dot, x, panel, out, stride);
}

}  // namespace avx2

extern const ProductKernels kAvx2ProductKernels, kAvxVnniProductKernels;
const ProductKernels kAvx2ProductKernels = {avx2::multiply, avx2::quantise, avx2::multiply_int8};
const ProductKernels kAvxVnniProductKernels = {avx2::multiply, avx2::quantise,
                                               avx2::multiply_int8_vnni};
}  // namespace penalmt
#endif
