// The choice among the product kernels, and those for any processor.
#include "tensors/product_kernels.h"

#include <cmath>
#include <cstring>
#include <type_traits>

#define PENALMT_INSTRUCTIONS plain
#define PENALMT_REGISTER_BYTES 16
#include "tensors/product_kernels.inc"

namespace penalmt {
namespace plain {

void multiply_int8(const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride) {
  for (int64_t r = 0; r < x.count; ++r) {
    const uint8_t* row = x.numbers + r * x.depth;
    int32_t sums[kPanel];
    std::memcpy(sums, panel.start, sizeof(sums));
    for (int64_t k = 0; k < x.depth; k += 4)
      for (int64_t c = 0; c < kPanel; ++c)
        for (int64_t i = 0; i < 4; ++i)
          sums[c] += row[k + i] * panel.weights[k * kPanel + c * 4 + i];
    for (int64_t c = 0; c < kPanel; ++c)
      out[r * stride + c] =
          std::fma(static_cast<float>(sums[c]), panel.scales[c] * x.scales[r], panel.bias[c]);
  }
}

constexpr ProductKernels kProductKernels = {multiply, quantise, multiply_int8};

}  // namespace plain

#ifdef __x86_64__
extern const ProductKernels kAvx512ProductKernels, kAvx512VnniProductKernels, kAvx2ProductKernels,
    kAvxVnniProductKernels;

const ProductKernels& product_kernels_for(InstructionSet set) {
  if (set == InstructionSet::kAvx512Vnni) return kAvx512VnniProductKernels;
  if (set == InstructionSet::kAvxVnni) return kAvxVnniProductKernels;
  return for_set(set, plain::kProductKernels, kAvx2ProductKernels, kAvx512ProductKernels);
}
#else
const ProductKernels& product_kernels_for(InstructionSet) { return plain::kProductKernels; }
#endif

const ProductKernels& product_kernels() { return product_kernels_for(instruction_set()); }

}  // namespace penalmt
