// The row kernels of every instruction set that this processor has, against their definitions in
// double.
#include "tensors/row_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "tests/tensors/kernel_cases.h"

namespace penalmt::row_kernels_test {

std::vector<uint16_t> narrowed(std::vector<float>* numbers) {  // they are cut to bfloat16, too
  std::vector<uint16_t> narrow;
  for (float& number : *numbers) {
    uint32_t bits;
    std::memcpy(&bits, &number, sizeof(bits));
    narrow.push_back(static_cast<uint16_t>(bits >> 16));
    bits &= 0xFFFF0000u;
    std::memcpy(&number, &bits, sizeof(bits));
  }
  return narrow;
}
float widened(uint16_t number) {
  const uint32_t bits = static_cast<uint32_t>(number) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
float widened(float number) { return number; }

TEST(RowKernels, ScanARowForItsBestAndItsSum) {
  for (const InstructionSet set : instruction_sets())
    for (const int64_t columns : {3, 16, 64, 100, 1000}) {
      const std::vector<float> logits = wave(columns, 0.37f);
      float maximum = -INFINITY, best[5];
      double sum = 0;
      int tokens[5];
      std::fill_n(best, 5, -INFINITY);
      std::fill_n(tokens, 5, -1);
      const int64_t first = columns / 2;  // in two tiles
      for (const auto [begin, count] : {std::pair(int64_t{0}, first), {first, columns - first}})
        row_kernels_for(set).scan_row(logits.data() + begin, count, begin, /*first_token=*/2, 5,
                                      {&maximum, &sum, best, tokens});
      std::vector<int> order(columns - 2);
      std::iota(order.begin(), order.end(), 2);
      std::stable_sort(order.begin(), order.end(),
                       [&](int a, int b) { return logits[a] > logits[b]; });
      EXPECT_EQ(maximum, *std::max_element(logits.begin(), logits.end()));
      double expected = 0;
      for (const float logit : logits) expected += std::exp(static_cast<double>(logit) - maximum);
      EXPECT_NEAR(sum, expected, 1e-6 * expected) << static_cast<int>(set) << ' ' << columns;
      for (int64_t k = 0; k < std::min<int64_t>(5, columns - 2); ++k)
        EXPECT_EQ(best[k], logits[order[k]]) << static_cast<int>(set) << ' ' << columns;
    }
}

// Attention of the heads over keys and values [n][C], from the formula.
std::vector<double> attended(const AttentionHeads& heads, const std::vector<float>& query,
                             const std::vector<float>& entries, int64_t n) {
  std::vector<double> out(heads.width);
  for (int64_t h = 0; h < heads.count; ++h) {
    std::vector<double> weights(n);
    double total = 0;
    for (int64_t t = 0; t < n; ++t) {
      double score = 0;
      for (int64_t d = h * heads.depth; d < (h + 1) * heads.depth; ++d)
        score += static_cast<double>(query[d]) * entries[t * 2 * heads.width + d];
      total += weights[t] = std::exp(score * heads.scale);
    }
    for (int64_t t = 0; t < n; ++t)
      for (int64_t d = h * heads.depth; d < (h + 1) * heads.depth; ++d)
        out[d] += weights[t] / total * entries[t * 2 * heads.width + heads.width + d];
  }
  return out;
}

TEST(RowKernels, AttendToEntriesAndToAMemory) {
  for (const InstructionSet set : instruction_sets())
    for (const int64_t depth : {8, 16, 32, 64, 128})
      for (const int64_t n : {1, 4, 16, 21, 40}) {
        const AttentionHeads heads{5, depth, 5 * depth, 1 / std::sqrt(static_cast<float>(depth))};
        const int64_t width = heads.width, padded = padded_positions(n);
        const std::vector<float> query = wave(width, 0.3f), entries = wave(n * 2 * width, 0.7f);
        const std::vector<double> expected = attended(heads, query, entries, n);
        std::vector<float> scores(heads.count * score_room(n)), self(width), memory(width);
        std::vector<const float*> places;
        std::vector<float> keys(width * padded), values(n * width);
        for (int64_t t = 0; t < n; ++t) {
          const float* entry = &entries[t * 2 * width];
          places.push_back(entry);
          for (int64_t c = 0; c < width; ++c) keys[c * padded + t] = entry[c];
          std::copy_n(entry + width, width, &values[t * width]);
        }
        const RowKernels& kernels = row_kernels_for(set);
        kernels.attend_row_self(heads, query.data(), places.data(), n, scores.data(), self.data());
        kernels.attend_row_memory(heads, query.data(), {keys.data(), values.data(), width, n},
                                  scores.data(), memory.data());
        for (int64_t c = 0; c < width; ++c) {
          ASSERT_NEAR(self[c], expected[c], 2e-5) << static_cast<int>(set) << ' ' << depth;
          ASSERT_NEAR(memory[c], expected[c], 2e-5) << static_cast<int>(set) << ' ' << depth;
        }
      }
}

TEST(RowKernels, NormaliseTheSumOfTwoRows) {
  for (const InstructionSet set : instruction_sets())
    for (const int64_t width : {7, 16, 37, 128}) {
      const std::vector<float> x = wave(width, 0.3f), branch = wave(width, 0.7f),
                               weight = wave(width, 1.1f), bias = wave(width, 1.3f);
      std::vector<float> out(width);
      row_kernels_for(set).add_norm_row(x.data(), branch.data(),
                                        {weight.data(), bias.data(), width, 1e-5f}, out.data());
      double mean = 0, variance = 0;
      for (int64_t c = 0; c < width; ++c) mean += (x[c] + branch[c]) / width;
      for (int64_t c = 0; c < width; ++c)
        variance += (x[c] + branch[c] - mean) * (x[c] + branch[c] - mean) / width;
      for (int64_t c = 0; c < width; ++c)
        EXPECT_NEAR(out[c],
                    (x[c] + branch[c] - mean) / std::sqrt(variance + 1e-5) * weight[c] + bias[c],
                    2e-5)
            << static_cast<int>(set) << ' ' << width;
    }
}

// The exponentials of two rows, their divergences and gradients.
template <class Scalar, class Exponentials, class Scaled, class Divergence, class Gradients>
void expect_losses(std::vector<Scalar> first, std::vector<Scalar> second, double tolerance,
                   Exponentials exponentials, Scaled scaled, Divergence divergence,
                   Gradients gradients) {
  const auto n = static_cast<int64_t>(first.size());
  const std::vector<Scalar>* rows[2] = {&first, &second};
  std::vector<float> powers[2];
  std::vector<double> logs[2];  // log probabilities
  float factors[2], masses[2];
  for (int i = 0; i < 2; ++i) {
    powers[i].resize(n);
    const LogitSums sums = exponentials(rows[i]->data(), n, powers[i].data());
    double highest = -INFINITY, mass = 0, sum = 0;
    for (const Scalar x : *rows[i]) highest = std::max<double>(highest, widened(x));
    for (const Scalar x : *rows[i]) {
      mass += std::exp(widened(x) - highest);
      sum += widened(x) - highest;
    }
    EXPECT_EQ(sums.highest, highest);
    EXPECT_NEAR(sums.mass, mass, 1e-5 * mass);
    EXPECT_NEAR(sums.sum, sum, 1e-5 * std::abs(sum));
    for (int64_t v = 0; v < n; ++v) {
      EXPECT_NEAR(powers[i][v], std::exp(widened((*rows[i])[v]) - highest), 1e-6);
      logs[i].push_back(widened((*rows[i])[v]) - highest - std::log(mass));
    }
    factors[i] = 1 / sums.mass;
    masses[i] = sums.highest + std::log(sums.mass);
    std::vector<Scalar> out(n);
    scaled(powers[i].data(), n, factors[i], 0.25f, out.data());
    for (int64_t v = 0; v < n; ++v)
      EXPECT_NEAR(widened(out[v]), std::exp(logs[i][v]) - 0.25, tolerance);
  }
  const LogitPair<Scalar> pair{first.data(),     second.data(), powers[0].data(),
                               powers[1].data(), factors[0],    factors[1],
                               masses[0],        masses[1],     n};
  double forward = 0, backward = 0;
  for (int64_t v = 0; v < n; ++v) {
    forward += std::exp(logs[0][v]) * (logs[0][v] - logs[1][v]);
    backward += std::exp(logs[1][v]) * (logs[1][v] - logs[0][v]);
  }
  const Divergences found = divergence(pair);
  EXPECT_NEAR(found.forward, forward, 1e-5);
  EXPECT_NEAR(found.backward, backward, 1e-5);
  gradients(pair, PairGradient{0.01f, 0.5f, 0.7f, 1.3f, 0.9f, found});
  for (int64_t v = 0; v < n; ++v) {
    const double p = std::exp(logs[0][v]), q = std::exp(logs[1][v]), d = logs[0][v] - logs[1][v];
    EXPECT_NEAR(widened(first[v]), 0.5 * (p - 0.01) + 1.3 * p * (d - forward) + 0.9 * (p - q),
                tolerance);
    EXPECT_NEAR(widened(second[v]), 0.7 * (q - 0.01) + 1.3 * (q - p) + 0.9 * q * (-d - backward),
                tolerance);
  }
}

TEST(RowKernels, MakeTheLossesOfARow) {
  for (const InstructionSet set : instruction_sets())
    for (const int64_t n : {3, 32, 64, 130}) {
      const RowKernels& k = row_kernels_for(set);
      std::vector<float> first = wave(n, 0.37f), second = wave(n, 0.71f);
      expect_losses(first, second, 1e-5, k.exponentials, k.scaled, k.divergences, k.pair_gradients);
      const std::vector<uint16_t> a = narrowed(&first), b = narrowed(&second);
      expect_losses(a, b, 5e-3, k.narrow_exponentials, k.narrow_scaled, k.narrow_divergences,
                    k.narrow_pair_gradients);
    }
}

TEST(RowKernels, ActivateEveryNumberOfARow) {
  using Function = double (*)(double);
  const std::pair<void (*RowKernels::*)(float*, int64_t), Function> activations[] = {
      {&RowKernels::relu, [](double x) { return std::max(x, 0.0); }},
      {&RowKernels::gelu, [](double x) { return x * std::erfc(-x * M_SQRT1_2) / 2; }},
      {&RowKernels::silu, [](double x) { return x / (1 + std::exp(-x)); }}};
  std::vector<float> numbers;  // the beginnings of a row, small and large, of either sign
  for (float x = 0.001f; x < 120; x *= 1.07f) {
    numbers.push_back(x);
    numbers.push_back(-x);
  }
  for (const InstructionSet set : instruction_sets())
    for (const auto& [kernel, function] : activations)
      for (const size_t n : {size_t{1}, size_t{15}, size_t{16}, size_t{50}, numbers.size()}) {
        std::vector<float> found(numbers.begin(), numbers.begin() + static_cast<int64_t>(n));
        found.push_back(-7);  // nothing is written behind it
        (row_kernels_for(set).*kernel)(found.data(), static_cast<int64_t>(n));
        for (size_t i = 0; i < n; ++i) {
          const double x = numbers[i];
          EXPECT_NEAR(found[i], function(x), 1e-7 + 2e-7 * std::abs(x))
              << static_cast<int>(set) << ' ' << x;
        }
        EXPECT_EQ(found[n], -7);
        std::vector<float> none(20, NAN);
        (row_kernels_for(set).*kernel)(none.data(), 20);
        for (const float value : none) EXPECT_TRUE(std::isnan(value)) << static_cast<int>(set);
      }
}

TEST(RowKernels, NormaliseARowAlone) {
  for (const InstructionSet set : instruction_sets())
    for (const int64_t width : {5, 16, 40, 128}) {
      const std::vector<float> x = wave(width, 0.3f), zeros(width), weight = wave(width, 0.9f),
                               bias = wave(width, 0.2f);
      const RowNorm norm{weight.data(), bias.data(), width, 1e-5f};
      std::vector<float> alone(width), with_nothing(width);
      row_kernels_for(set).add_norm_row(x.data(), nullptr, norm, alone.data());
      row_kernels_for(set).add_norm_row(x.data(), zeros.data(), norm, with_nothing.data());
      EXPECT_EQ(alone, with_nothing) << static_cast<int>(set) << ' ' << width;
    }
}

}  // namespace penalmt::row_kernels_test
