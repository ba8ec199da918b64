#include "tensors/linear.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tensors/precision.h"
#include "tensors/private_aten_operators.h"

namespace penalmt::linear_test {

void match(double relative) {
  const at::Tensor x = torch::cos(torch::arange(6 * 5 * 16, torch::kDouble)).reshape({6, 5, 16});
  const at::Tensor weight = torch::sin(torch::arange(24 * 16, torch::kDouble)).reshape({24, 16}),
                   bias = torch::arange(24, torch::kDouble) / 24;
  const at::Tensor sign =
      torch::cos(torch::arange(6 * 5 * 24, torch::kDouble) * 3).reshape({6, 5, 24});
  std::vector<at::Tensor> answers[2];
  for (const int kind : {0, 1}) {
    const auto type = kind == 0 ? torch::kFloat : torch::kDouble;
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& leaf : {x, weight, bias})
      leaves.push_back(leaf.to(type).set_requires_grad(true));
    const at::Tensor y = kind == 0 ? linear(leaves[0], leaves[1], leaves[2])
                                   : torch::nn::functional::linear(leaves[0], leaves[1], leaves[2]);
    (y * sign.to(type)).sum().backward();
    answers[kind] = {y.detach().to(torch::kDouble)};
    for (const at::Tensor& leaf : leaves) answers[kind].push_back(leaf.grad().to(torch::kDouble));
  }
  for (size_t i = 0; i < 4; ++i)
    EXPECT_LE((answers[0][i] - answers[1][i]).abs().max().item<double>(),
              relative * answers[1][i].abs().max().item<double>())
        << i;
}

TEST(Linear, EqualsPyTorchs) { match(1e-5); }

TEST(Linear, InBfloat16IsNear) {
  const PrecisionScope scope(Precision::bfloat16);
  match(2e-2);
}

TEST(Linear, TheOneDnnProductEqualsTheDefault) {
  const at::Tensor x = torch::cos(torch::arange(7 * 16)).reshape({7, 16}),
                   weight = torch::sin(torch::arange(24 * 16)).reshape({24, 16});
  const at::Tensor bias = torch::arange(24) / 24.0;
  EXPECT_TRUE(torch::allclose(onednn_linear(x, weight, bias),
                              torch::nn::functional::linear(x, weight, bias), 1e-5, 1e-5));
}

}  // namespace penalmt::linear_test
