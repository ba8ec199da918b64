// The fused loss of two passes against PyTorch (tests/golden/consistency.py) and against autograd
// in float64.
#include "tensors/token_pair_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/config.h"
#include "tensors/precision.h"

namespace penalmt::token_pair_loss_test {

struct Pair {
  at::Tensor first, second, weight, gold;
};

Pair formula(int64_t rows, int64_t width, int64_t vocabulary) {
  const auto squares = [](int64_t count) { return torch::arange(count, torch::kDouble).pow(2); };
  return {torch::cos(squares(rows * width) / 7).reshape({rows, width}),
          torch::cos(squares(rows * width) / 7 + 0.4).reshape({rows, width}),
          torch::sin(squares(vocabulary * width) / 5).reshape({vocabulary, width}),
          torch::arange(rows) * 3 % vocabulary};
}

struct Answer {
  double total;
  at::Tensor first, second, weight;
};

Answer ours(const Pair& pair, at::ScalarType type, double smoothing, const PairWeights& weights,
            TokenLoss* loss = nullptr) {
  at::Tensor first = pair.first.to(type, false, /*copy=*/true).requires_grad_(),
             second = pair.second.to(type, false, /*copy=*/true).requires_grad_(),
             weight = pair.weight.to(type, false, /*copy=*/true).requires_grad_();
  const TokenLoss found =
      token_pair_loss({first, second}, weight, pair.gold, smoothing, weights, 0);
  (found.total * 3).backward();  // a scaled loss
  if (loss) *loss = found;
  return {found.total.item<double>(), first.grad() / 3, second.grad() / 3, weight.grad() / 3};
}

void expect_near(const Answer& got, const Answer& expected, double relative) {
  EXPECT_NEAR(got.total, expected.total, relative * expected.total);
  const auto far = [](const at::Tensor& a, const at::Tensor& b) {
    return (a.to(torch::kDouble) - b).abs().max().item<double>() / b.abs().max().item<double>();
  };
  EXPECT_LE(far(got.first, expected.first), relative);
  EXPECT_LE(far(got.second, expected.second), relative);
  EXPECT_LE(far(got.weight, expected.weight), relative);
}

void match_golden(const std::string& name, const PairWeights& weights) {
  const nlohmann::json golden =
      config::parse_file(PENALMT_SOURCE "/tests/golden/consistency.json")[name];
  const auto numbers = [&](const char* key, int64_t rows) {
    return torch::tensor(golden[key].get<std::vector<double>>(), torch::kDouble).reshape({rows, 4});
  };
  const Answer expected{golden["loss"].get<double>(), numbers("first", 6), numbers("second", 6),
                        numbers("weight", 7)};
  expect_near(ours(formula(6, 4, 7), torch::kDouble, 0.1, weights), expected, 1e-12);
  expect_near(ours(formula(6, 4, 7), torch::kFloat, 0.1, weights), expected, 1e-5);
}

TEST(TokenPairLoss, IsPyTorchsRDrop) { match_golden("r_drop", r_drop_weights(5)); }
TEST(TokenPairLoss, IsPyTorchsTokenCutoff) {
  match_golden("token_cutoff", token_cutoff_weights(3));
}

// The weighted sum by autograd, everything kept whole.
Answer explicit_answer(const Pair& pair, double smoothing, const PairWeights& weights) {
  at::Tensor first = pair.first.clone().requires_grad_(),
             second = pair.second.clone().requires_grad_(),
             weight = pair.weight.clone().requires_grad_();
  const at::Tensor real = pair.gold.ne(0).to(torch::kDouble);
  const auto logs = [&](const at::Tensor& states) {
    return torch::matmul(states, weight.t()).log_softmax(-1);
  };
  const at::Tensor p = logs(first), q = logs(second);
  const auto cross_entropy = [&](const at::Tensor& log) {
    return -(1 - smoothing) * log.gather(1, pair.gold.unsqueeze(1)).squeeze(1) -
           smoothing * log.mean(1);
  };
  const at::Tensor rows = weights.first * cross_entropy(p) + weights.second * cross_entropy(q) +
                          weights.first_to_second * (p.exp() * (p - q)).sum(1) +
                          weights.second_to_first * (q.exp() * (q - p)).sum(1);
  const at::Tensor total = (rows * real).sum();
  total.backward();
  return {total.item<double>(), first.grad(), second.grad(), weight.grad()};
}

TEST(TokenPairLoss, EqualsTheExplicitSumOverSeveralSlices) {
  const Pair pair = formula(1100, 16, 101);
  const PairWeights weights{0.7, 0.4, 1.5, 0.25};
  const Answer expected = explicit_answer(pair, 0.2, weights);
  expect_near(ours(pair, torch::kDouble, 0.2, weights), expected, 1e-12);
  expect_near(ours(pair, torch::kFloat, 0.2, weights), expected, 3e-5);
  const PrecisionScope scope(Precision::bfloat16);
  expect_near(ours(pair, torch::kFloat, 0.2, weights), expected, 3e-2);
}

TEST(TokenPairLoss, OfEqualPassesIsTheLossOfOne) {
  Pair pair = formula(40, 16, 23);
  pair.second = pair.first;
  const at::Tensor states = pair.first.clone().requires_grad_(),
                   weight = pair.weight.clone().requires_grad_();
  const TokenLoss one = token_loss(states, weight, pair.gold, 0.1, 0);
  one.total.backward();
  TokenLoss two;
  const Answer both = ours(pair, torch::kDouble, 0.1, r_drop_weights(5), &two);
  EXPECT_NEAR(both.total, one.total.item<double>(), 1e-10);
  EXPECT_NEAR(two.nll.item<double>(), one.nll.item<double>(), 1e-10);
  EXPECT_EQ(two.correct.item<double>(), one.correct.item<double>());
  EXPECT_TRUE(torch::allclose(both.first + both.second, states.grad(), 1e-10, 1e-12));
  EXPECT_TRUE(torch::allclose(both.weight, weight.grad(), 1e-10, 1e-12));
}

TEST(TokenPairLoss, HugeLogitsStayFinite) {
  Pair pair{torch::full({2, 4}, 1e3), torch::full({2, 4}, -1e3), torch::full({9, 4}, 1e3),
            torch::tensor({3, 5})};
  pair.weight[3].fill_(-1e3);
  const Answer answer = ours(pair, torch::kFloat, 0.1, r_drop_weights(5));
  EXPECT_TRUE(std::isfinite(answer.total));
  EXPECT_TRUE(torch::isfinite(answer.first).all().item<bool>());
  EXPECT_TRUE(torch::isfinite(answer.second).all().item<bool>());
}

}  // namespace penalmt::token_pair_loss_test
