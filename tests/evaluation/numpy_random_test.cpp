#include "evaluation/numpy_random.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/evaluation/golden_scores.h"

namespace penalmt::numpy_random_test {

TEST(NumpyGenerator, DrawsNumpysNumbers) {
  for (const auto& expected : golden_scores().at("generator")) {
    SCOPED_TRACE(expected.at("seed").dump());
    NumpyGenerator generator(expected.at("seed").get<uint64_t>());
    NumpyBits bits(generator);
    for (const auto& bit : expected.at("bits")) EXPECT_EQ(bits.next(), bit.get<int>() == 1);
    for (const uint32_t bound : {1u, 2u, 3u, 1000u, 2147483649u, 4294967295u})
      for (const auto& number : expected.at(std::to_string(bound)))
        EXPECT_EQ(generator.below(bound), number.get<uint32_t>()) << bound;
  }
}

}  // namespace penalmt::numpy_random_test
