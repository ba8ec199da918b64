// The inner loops of products of rows with a packed matrix (packed_matrix.h), on the CPU; compiled
// for several instruction sets. What a row gives does not depend on the rows beside it.
#pragma once

#include <cstdint>

#include "tensors/instruction_set.h"

namespace penalmt {

inline constexpr int64_t kPanel = 64;  // columns of a packed matrix that lie together

struct FloatRows {
  const float* x;  // [count, depth]
  int64_t count, depth;
};

struct FloatPanel {
  const float* weights;  // [depth, kPanel]
  const float* bias;     // [kPanel]
};

// Rows of numbers from 1 to 255: x = scale (number - 128).
struct QuantisedRows {
  const uint8_t* numbers;  // [count, depth]
  const float* scales;     // [count]
  int64_t count, depth;    // depth: a multiple of 4
};

struct Int8Panel {
  const int8_t* weights;  // [depth / 4, kPanel, 4]
  const int32_t* start;   // [kPanel] -128 times a column's sum: what the 128 of the rows adds
  const float* scales;    // [kPanel]
  const float* bias;      // [kPanel]
};

struct ProductKernels {
  // out[r][c] = bias[c] + sum over k of x[r][k] panel[k][c]. The rows of out lie `stride` floats
  // apart.
  void (*multiply)(const FloatRows& x, const FloatPanel& panel, float* out, int64_t stride);
  // x: [depth] → numbers [padded], the last ones 128; the scale is the largest |x| / 127, and no
  // number where one of x is none.
  void (*quantise)(const float* x, int64_t depth, int64_t padded, uint8_t* numbers, float* scale);
  // out[r][c] = bias[c] + scale of r * scale of c * sum over k of x[r][k] panel[k][c]. The sum is
  // of whole numbers: every instruction set finds the same.
  void (*multiply_int8)(const QuantisedRows& x, const Int8Panel& panel, float* out, int64_t stride);
};

const ProductKernels& product_kernels_for(InstructionSet set);

// Those for this process.
const ProductKernels& product_kernels();

}  // namespace penalmt
