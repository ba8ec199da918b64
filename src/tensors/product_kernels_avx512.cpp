// The product kernels for processors with AVX-512; int8 for those with VNNI.
#include "tensors/product_kernels.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#ifdef __x86_64__
#pragma GCC target("arch=x86-64-v4")
#define PENALMT_INSTRUCTIONS avx512
#define PENALMT_REGISTER_BYTES 64
#include "tensors/product_kernels.inc"

namespace penalmt {
namespace avx512 {

// The instruction by its name: GCC 12 copies each sum through memory around its built-in function
// (190 GOP/s, 350 so, on an AMD EPYC).
void multiply_int8(const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride) {
  const auto dot = [](RegisterInts & sums, RegisterInts numbers, RegisterInts weights)
      __attribute__((always_inline)) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(numbers), "v"(weights));
  };
  multiply_int8_by(dot, x, panel, out, stride);
}

}  // namespace avx512

extern const ProductKernels kAvx512ProductKernels, kAvx512VnniProductKernels, kAvx2ProductKernels;
// Without VNNI whole numbers are multiplied as AVX2 does it.
const ProductKernels kAvx512ProductKernels = {
    avx512::multiply, avx512::quantise,
    [](const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride) {
      kAvx2ProductKernels.multiply_int8(x, panel, out, stride);
    }};
const ProductKernels kAvx512VnniProductKernels = {avx512::multiply, avx512::quantise,
                                                  avx512::multiply_int8};
}  // namespace penalmt
#endif
