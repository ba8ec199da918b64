// The products of every instruction set that this processor has, against sums in double and in
// whole numbers. (PackedMatrix tests the best set's whole products against LibTorch.)
#include "tensors/product_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <vector>

#include "tests/tensors/kernel_cases.h"

namespace penalmt::product_kernels_test {

constexpr int64_t kDepth = 36, kStride = 70;

TEST(ProductKernels, MultiplyAnyNumberOfRowsInEveryInstructionSet) {
  const std::vector<float> weights = wave(kDepth * kPanel, 0.7f), bias = wave(kPanel, 1.1f);
  for (const InstructionSet set : instruction_sets())
    for (int64_t rows = 1; rows <= 14; ++rows) {
      const std::vector<float> x = wave(rows * kDepth, 0.3f);
      std::vector<float> out(rows * kStride, -7);
      product_kernels_for(set).multiply({x.data(), rows, kDepth}, {weights.data(), bias.data()},
                                        out.data(), kStride);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < kStride; ++c) {
          double sum = c < kPanel ? bias[c] : -7;  // nothing is written beyond a panel
          for (int64_t k = 0; k < kDepth && c < kPanel; ++k)
            sum += static_cast<double>(x[r * kDepth + k]) * weights[k * kPanel + c];
          ASSERT_NEAR(out[r * kStride + c], sum, 1e-4) << static_cast<int>(set) << ' ' << rows;
        }
    }
}

TEST(ProductKernels, FindTheSameOfWholeNumbersInEveryInstructionSet) {
  std::vector<int8_t> weights(kDepth * kPanel);
  std::vector<int32_t> start(kPanel);
  for (int64_t i = 0; i < kDepth * kPanel; ++i)  // with both ends
    weights[i] = static_cast<int8_t>(i % 5 == 0 ? 127 : i % 7 == 0 ? -127 : i * i % 255 - 127);
  for (int64_t c = 0; c < kPanel; ++c) start[c] = static_cast<int32_t>(c * c % 777) - 300;
  const std::vector<float> scales = wave(kPanel, 0.7f), bias = wave(kPanel, 1.1f);
  for (const InstructionSet set : instruction_sets())
    for (int64_t rows = 1; rows <= 14; ++rows) {
      std::vector<uint8_t> numbers(rows * kDepth);
      for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = static_cast<uint8_t>(i % 3 == 0 ? 255 : 1 + i * i % 255);
      const std::vector<float> row_scales = wave(rows, 0.2f);
      std::vector<float> out(rows * kStride, -7);
      product_kernels_for(set).multiply_int8(
          {numbers.data(), row_scales.data(), rows, kDepth},
          {weights.data(), start.data(), scales.data(), bias.data()}, out.data(), kStride);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < kStride; ++c) {
          float expected = -7;
          if (c < kPanel) {
            int32_t sum = start[c];
            for (int64_t k = 0; k < kDepth; ++k)
              sum += numbers[r * kDepth + k] * weights[k / 4 * 4 * kPanel + c * 4 + k % 4];
            expected = std::fma(static_cast<float>(sum), scales[c] * row_scales[r], bias[c]);
          }
          ASSERT_EQ(out[r * kStride + c], expected) << static_cast<int>(set) << ' ' << rows;
        }
    }
}

TEST(ProductKernels, QuantiseByTheLargestOfARow) {
  for (const InstructionSet set : instruction_sets())
    for (const int64_t depth : {1, 15, 16, 36, 100}) {
      const std::vector<float> x = wave(depth, 0.3f);
      std::vector<uint8_t> numbers(104);
      float scale = 0, most = 0;
      for (const float value : x) most = std::max(most, std::abs(value));
      product_kernels_for(set).quantise(x.data(), depth, 104, numbers.data(), &scale);
      EXPECT_FLOAT_EQ(scale, most / 127);
      for (int64_t k = 0; k < depth; ++k)
        EXPECT_NEAR(numbers[k] - 128, x[k] * 127 / most, 0.5001) << static_cast<int>(set);
      for (int64_t k = depth; k < 104; ++k) EXPECT_EQ(numbers[k], 128);
    }
}

}  // namespace penalmt::product_kernels_test
