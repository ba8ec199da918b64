// The kernels of every instruction set that this processor has. (PackedAttention tests the best one
// against the formula.)
#include "tensors/attention_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/tensors/kernel_cases.h"

namespace penalmt::attention_kernels_test {

constexpr int64_t kQueries = 19, kKeys = 37, kDepth = 32, kStride = 40;

// What comes out, and the gradients at q, k and v, behind one another.
std::vector<float> answer(const AttentionKernels& kernels, bool causal) {
  const int64_t keys = causal ? kQueries : kKeys;
  std::vector<float> q = wave(kQueries * kStride, 0.3f), k = wave(keys * kStride, 0.7f),
                     v = wave(keys * kStride, 1.1f), slope = wave(kQueries * kStride, 1.7f);
  const HeadShape shape{kQueries, keys, kDepth, causal, /*narrow=*/false};
  std::vector<float> scratch(kernels.scratch_floats(shape)), all(2 * (kQueries + keys) * kStride);
  std::vector<SoftmaxRow> softmax(kQueries);
  const auto rows = [](float* data) { return HeadRows{data, kStride}; };
  float *out = all.data(), *at_q = out + kQueries * kStride, *at_k = at_q + kQueries * kStride,
        *at_v = at_k + keys * kStride;
  const PackedHead head{shape, rows(q.data()), rows(k.data()), rows(v.data()), softmax.data(), 1};
  kernels.forward(head, rows(out), scratch.data());
  kernels.backward(head, {rows(slope.data()), rows(at_q), rows(at_k), rows(at_v)}, scratch.data());
  return all;
}

TEST(AttentionKernels, AreAlikeInEveryInstructionSet) {
  for (const bool causal : {false, true}) {
    const std::vector<float> expected = answer(attention_kernels(), causal);
    EXPECT_GT(*std::max_element(expected.begin(), expected.end()), 0.5f);
    for (const InstructionSet set : instruction_sets()) {
      const std::vector<float> got = answer(attention_kernels_for(set), causal);
      for (size_t i = 0; i < expected.size(); ++i)
        ASSERT_NEAR(got[i], expected[i], 1e-5) << static_cast<int>(set) << ' ' << i;
    }
  }
}

}  // namespace penalmt::attention_kernels_test
