// The fused loss against PyTorch's cross entropy in float64.
#include "tensors/token_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tensors/precision.h"

namespace penalmt::token_loss_test {

struct Case {
  at::Tensor states, weight, gold;
};

Case formula(int64_t rows, int64_t vocabulary) {
  Case c{torch::cos(torch::arange(rows * 16, torch::kDouble).pow(2) / 7).reshape({rows, 16}),
         torch::sin(torch::arange(vocabulary * 16, torch::kDouble).pow(2) / 5)
             .reshape({vocabulary, 16}),
         (torch::arange(rows) * 37 + 5) % vocabulary};
  c.gold.masked_fill_(torch::arange(rows) % 5 == 4, 0);  // padding
  return c;
}

struct Answer {
  double total, nll;
  at::Tensor states, weight;
  int64_t tokens, correct;
};

Answer reference(const Case& c, double smoothing) {
  at::Tensor states = c.states.clone().set_requires_grad(true),
             weight = c.weight.clone().set_requires_grad(true);
  const at::Tensor logits = torch::matmul(states, weight.t());
  namespace F = torch::nn::functional;
  const auto options = F::CrossEntropyFuncOptions().ignore_index(0).reduction(torch::kSum);
  const at::Tensor total = F::cross_entropy(
      logits, c.gold, F::CrossEntropyFuncOptions(options).label_smoothing(smoothing));
  total.backward();
  const at::Tensor real = c.gold.ne(0);
  return {total.item<double>(),
          F::cross_entropy(logits, c.gold, options).item<double>(),
          states.grad(),
          weight.grad(),
          real.sum().item<int64_t>(),
          (logits.argmax(1).eq(c.gold) & real).sum().item<int64_t>()};
}

void match(int64_t rows, int64_t vocabulary, double smoothing, at::ScalarType type,
           double relative) {
  const Case c = formula(rows, vocabulary);
  const Answer expected = reference(c, smoothing);
  at::Tensor states = c.states.to(type).set_requires_grad(true),
             weight = c.weight.to(type).set_requires_grad(true);
  const TokenLoss loss = token_loss(states, weight, c.gold, smoothing, 0);
  EXPECT_NEAR(loss.total.item<double>(), expected.total, relative * expected.total);
  EXPECT_NEAR(loss.nll.item<double>(), expected.nll, relative * expected.nll);
  (loss.total * 3).backward();
  const auto near = [&](const at::Tensor& got, const at::Tensor& want) {
    return (got.to(torch::kDouble) / 3 - want).abs().max().item<double>() /
           want.abs().max().item<double>();
  };
  EXPECT_LE(near(states.grad(), expected.states), relative);
  EXPECT_LE(near(weight.grad(), expected.weight), relative);
  if (relative < 1e-3) {
    EXPECT_EQ(loss.correct.item<double>(), static_cast<double>(expected.correct));
  }
}

TEST(TokenLoss, FusedEqualsCrossEntropyAndItsGradients) {
  match(700, 101, 0.1, torch::kFloat, 1e-5);
}
TEST(TokenLoss, FusedEqualsCrossEntropyWithoutSmoothing) { match(3, 23, 0.0, torch::kFloat, 1e-5); }
TEST(TokenLoss, ComposedEqualsCrossEntropyInDouble) { match(40, 23, 0.1, torch::kDouble, 1e-12); }
TEST(TokenLoss, InBfloat16IsNear) {
  const PrecisionScope scope(Precision::bfloat16);
  match(1100, 101, 0.1, torch::kFloat, 3e-2);
}

TEST(TokenLoss, WithoutGradientsGivesTheSameNumbers) {
  const Case c = formula(300, 50);
  const at::Tensor states = c.states.to(torch::kFloat), weight = c.weight.to(torch::kFloat);
  const TokenLoss plain = token_loss(states, weight, c.gold, 0.1, 0);
  EXPECT_FALSE(plain.total.requires_grad());
  EXPECT_EQ(plain.total.item<float>(),
            token_loss(states, weight.clone().set_requires_grad(true), c.gold, 0.1, 0)
                .total.item<float>());
}

TEST(TokenLoss, HugeLogitsStayFinite) {
  at::Tensor states = torch::full({2, 4}, 1e3f).set_requires_grad(true),
             weight = torch::full({9, 4}, 1e3f);
  weight[3].fill_(-1e3f);
  const TokenLoss loss = token_loss(states, weight, torch::tensor({3, 5}), 0.1, 0);
  loss.total.backward();
  EXPECT_TRUE(std::isfinite(loss.total.item<double>()));
  EXPECT_TRUE(torch::isfinite(states.grad()).all().item<bool>());
}

}  // namespace penalmt::token_loss_test
