#include "tensors/packed_linear.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "base/error.h"
#include "tensors/linear.h"
#include "tensors/top_candidates.h"

namespace penalmt::packed_matrix_test {

at::Tensor waves(at::IntArrayRef shape, double pace) {
  const int64_t count = c10::multiply_integers(shape);
  return ((at::arange(count, at::kDouble) * pace).sin() +
          (at::arange(count, at::kDouble) * 0.37 * pace).cos() * 0.5)
      .reshape(shape)
      .to(at::kFloat);
}

Candidates best_of(const PackedMatrix& matrix, const at::Tensor& x, const CandidateRule& rule) {
  const at::Tensor rows = x.contiguous();
  return matrix.best(rows.const_data_ptr<float>(), rows.size(0), rule);
}

struct Shape {
  int64_t rows, in, out;
};

const std::vector<Shape> kShapes = {{1, 4, 1},      {2, 3, 63},    {6, 16, 64},  {7, 17, 65},
                                    {49, 128, 384}, {97, 30, 130}, {5, 256, 700}};

TEST(PackedMatrix, MultipliesAsLibTorch) {
  for (const Shape& s : kShapes) {
    const at::Tensor x = waves({s.rows, s.in}, 0.7), weight = waves({s.out, s.in}, 1.3),
                     bias = waves({s.out}, 2.1);
    const at::Tensor expected =
        at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
    const at::Tensor found = product(packed_matrix(weight, bias, ProductFormat::kFloat32), x);
    EXPECT_LT((found - expected).abs().max().item<double>(), 3e-5) << s.rows << " " << s.in;
    const at::Tensor narrow = product(packed_matrix(weight, bias, ProductFormat::kBfloat16), x);
    // Each factor and the result are rounded to 8 bits.
    const at::Tensor sizes = at::linear(x.abs(), weight.abs(), bias.abs()) + expected.abs();
    EXPECT_TRUE((narrow - expected).abs().le(sizes / 256).all().item<bool>());
    const at::Tensor without = product(packed_matrix(weight, {}, ProductFormat::kFloat32), x);
    EXPECT_LT((without + bias - expected).abs().max().item<double>(), 3e-5);
  }
}

// Whole numbers by LibTorch, from the definition: rows of x and columns of the matrix to 127 steps
// of their largest.
TEST(PackedMatrix, InInt8IsTheProductOfWholeNumbers) {
  for (const Shape& s : kShapes) {
    const at::Tensor x = waves({s.rows, s.in}, 0.7), weight = waves({s.out, s.in}, 1.3),
                     bias = waves({s.out}, 2.1);
    const at::Tensor of_rows = x.abs().amax(1, true) / 127, of_columns = weight.abs().amax(1) / 127;
    const at::Tensor sums = at::mm((x / of_rows).round().to(at::kDouble),
                                   (weight / of_columns.unsqueeze(1)).round().to(at::kDouble).t());
    const at::Tensor expected = sums * of_rows * of_columns + bias;
    const at::Tensor found = product(packed_matrix(weight, bias, ProductFormat::kInt8), x);
    // One number of a row may be rounded the other way where it stands in the middle.
    const double step = (of_rows.max() * weight.abs().max()).item<double>();
    EXPECT_LT((found - expected).abs().max().item<double>(), 1.01 * step + 1e-4);
    EXPECT_LT((found - expected).abs().mean().item<double>(), 0.05 * step + 1e-5);
  }
}

TEST(PackedMatrix, GivesARowTheSameWhateverIsBesideIt) {
  const at::Tensor x = waves({101, 60}, 0.7), weight = waves({200, 60}, 1.3);
  for (const ProductFormat format : {ProductFormat::kFloat32, ProductFormat::kInt8}) {
    const PackedMatrix matrix = packed_matrix(weight, {}, format);
    const at::Tensor all = product(matrix, x);
    const Candidates best = best_of(matrix, x, {.count = 3});
    for (int64_t r = 0; r < 101; r += 9) {
      EXPECT_TRUE(at::equal(product(matrix, x.narrow(0, r, 1)), all.narrow(0, r, 1)));
      const Candidates alone = best_of(matrix, x.narrow(0, r, 1), {.count = 3});
      for (int64_t k = 0; k < 3; ++k) {
        EXPECT_EQ(alone.tokens[k], best.tokens[r * 3 + k]);
        EXPECT_EQ(alone.log_probabilities[k], best.log_probabilities[r * 3 + k]);
      }
    }
  }
}

TEST(PackedMatrix, FindsTheBestColumns) {
  const at::Tensor x = waves({53, 64}, 0.7), weight = waves({1500, 64}, 1.3);
  const Candidates expected = top_candidates(at::linear(x, weight), {.count = 4});
  for (const ProductFormat format :
       {ProductFormat::kFloat32, ProductFormat::kBfloat16, ProductFormat::kInt8}) {
    const Candidates found = best_of(packed_matrix(weight, {}, format), x, {.count = 4});
    ASSERT_EQ(found.count, 4);
    int64_t same = 0;
    for (size_t i = 0; i < expected.tokens.size(); ++i) {
      same += found.tokens[i] == expected.tokens[i] ? 1 : 0;
      EXPECT_NEAR(found.log_probabilities[i], expected.log_probabilities[i],
                  format == ProductFormat::kFloat32 ? 1e-4 : 0.2);
    }
    if (format == ProductFormat::kFloat32) {
      EXPECT_EQ(same, 212);
    }
    if (format == ProductFormat::kBfloat16) {  // a near one may be missed
      EXPECT_GE(same, 200);
    }
    if (format != ProductFormat::kInt8) continue;
    // The eight best of the rounded products, in the order of the exact ones.
    const at::Tensor rounded = product(packed_matrix(weight, {}, format), x),
                     exact = at::linear(x.to(at::kDouble), weight.to(at::kDouble));
    const Candidates kept = top_candidates(rounded, {.count = 8});
    for (int64_t r = 0; r < 53; ++r) {
      const at::Tensor tokens =
          at::tensor(std::vector<int>(kept.tokens.begin() + r * 8, kept.tokens.begin() + r * 8 + 8))
              .to(at::kLong);
      const at::Tensor order = exact[r].index_select(0, tokens).argsort(0, /*descending=*/true);
      for (int64_t k = 0; k < 4; ++k)
        EXPECT_EQ(found.tokens[r * 4 + k], tokens[order[k]].item<int64_t>()) << "row " << r;
    }
  }
  const Candidates few =
      best_of(packed_matrix(weight.narrow(0, 0, 4), {}, ProductFormat::kInt8), x, {.count = 5});
  EXPECT_EQ(few.count, 2);  // padding and start are never written
}

TEST(PackedMatrix, FindsTheBestColumnsWithTheirBias) {
  const at::Tensor x = waves({9, 64}, 0.7), weight = waves({300, 64}, 0.01);
  at::Tensor bias = waves({300}, 2.1) * 3;
  bias[7] = -std::numeric_limits<float>::infinity();  // never one of them
  bias[299] = 40;
  const Candidates expected = top_candidates(at::linear(x, weight, bias), {.count = 3});
  const std::vector<int> columns = {0, 1, 2, 7, 50, 299};
  const ColumnChoice choice{columns, std::vector<float>(columns.size(), 0.0F),
                            std::vector<int64_t>(9, 0)};
  for (const ProductFormat format :
       {ProductFormat::kFloat32, ProductFormat::kBfloat16, ProductFormat::kInt8}) {
    const PackedMatrix matrix = packed_matrix(weight, bias, format);
    const Candidates found = best_of(matrix, x, {.count = 3});
    EXPECT_EQ(found.tokens, expected.tokens) << name_of(format);
    for (size_t i = 0; i < found.tokens.size(); ++i)
      EXPECT_NEAR(found.log_probabilities[i], expected.log_probabilities[i], 0.2);
    const Candidates chosen =
        matrix.of_columns(columns).best(x.const_data_ptr<float>(), x.size(0), {.count = 6}, choice);
    for (int64_t r = 0; r < 9; ++r) {
      EXPECT_EQ(chosen.tokens[r * chosen.count], 299) << name_of(format);
      EXPECT_NEAR(chosen.log_probabilities[r * chosen.count], 0,
                  format == ProductFormat::kFloat32 ? 1e-6 : 0.2)
          << name_of(format);
    }
  }
}

TEST(PackedMatrix, TellsOfWhatIsNoNumber) {
  at::Tensor x = waves({3, 32}, 0.7);
  x[1][5] = std::nanf("");
  x[2][31] = std::numeric_limits<float>::infinity();
  for (const ProductFormat format : {ProductFormat::kFloat32, ProductFormat::kInt8}) {
    const at::Tensor found = product(packed_matrix(waves({70, 32}, 1.3), {}, format), x);
    EXPECT_TRUE(found[0].isfinite().all().item<bool>());
    EXPECT_FALSE(found[1].isfinite().any().item<bool>()) << name_of(format);
    EXPECT_FALSE(found[2].isfinite().any().item<bool>()) << name_of(format);
  }
  const PackedMatrix matrix = packed_matrix(waves({70, 32}, 1.3), {}, ProductFormat::kInt8);
  EXPECT_TRUE(at::equal(product(matrix, at::zeros({2, 32})), at::zeros({2, 70})));
}

TEST(PackedMatrix, TellsOfWeightsThatAreNoNumbers) {
  for (const float bad : {NAN, INFINITY, -INFINITY})
    for (const ProductFormat format : {ProductFormat::kFloat32, ProductFormat::kInt8}) {
      at::Tensor weight = waves({70, 32}, 1.3);
      weight[3][5] = bad;
      const at::Tensor found = product(packed_matrix(weight, {}, format), waves({2, 32}, 0.7));
      EXPECT_FALSE(found.select(1, 3).isfinite().any().item<bool>()) << name_of(format);
      EXPECT_TRUE(found.narrow(1, 4, 66).isfinite().all().item<bool>()) << name_of(format);
    }
}

TEST(PackedMatrix, ServesLinearWhileItsScopeLives) {
  const c10::InferenceMode guard;
  const at::Tensor x = waves({2, 3, 8}, 0.7), weight = waves({5, 8}, 1.3), bias = waves({5}, 2.1);
  PackedMatrices matrices;  // of another weight, so that the difference is seen
  matrices.emplace(weight.const_data_ptr(),
                   packed_matrix(weight * 2, bias, ProductFormat::kFloat32));
  const at::Tensor plain = linear(x, weight, bias);
  {
    const PackedMatricesScope scope(matrices);
    EXPECT_TRUE(at::allclose(linear(x, weight, bias), linear(x, weight * 2, bias), 1e-5, 1e-5));
  }
  EXPECT_TRUE(at::equal(linear(x, weight, bias), plain));
}

TEST(PackedMatrix, KnowsItsFormats) {
  for (const char* name : {"float32", "bfloat16", "int8"})
    EXPECT_EQ(name_of(product_format(name)), name);
  EXPECT_THROW(product_format("float16"), Error);
  EXPECT_NE(name_of(product_format("auto")), "bfloat16");
}

}  // namespace penalmt::packed_matrix_test
