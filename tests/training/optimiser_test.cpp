#include "training/optimiser.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "training/schedule.h"

namespace penalmt::optimiser_test {

struct TwoParametersImpl : torch::nn::Module {
  TwoParametersImpl() {
    a = register_parameter("a", torch::cos(torch::arange(6)).reshape({2, 3}));
    b = register_parameter("b", torch::sin(torch::arange(4)));
  }
  at::Tensor loss() { return (a.pow(2).sum() + (b * b * b).sum()); }
  at::Tensor a, b;
};
TORCH_MODULE(TwoParameters);

TEST(Adam, KeepsAMovingAverageOfTheParameters) {
  TwoParameters module;
  module->to(torch::kDouble);
  Adam adam(*module, {.average = 0.4});
  at::Tensor average = adam.parameters().clone();
  for (int t = 1; t <= 8; ++t) {
    adam.zero_gradients();
    module->loss().backward();
    adam.step(1, 0, 0.01);
    const double decay = std::min(0.4, (1.0 + t) / (10.0 + t));
    average = decay * average + (1 - decay) * adam.parameters();
  }
  const at::Tensor last = adam.parameters().clone();
  adam.exchange_average();
  EXPECT_TRUE(torch::allclose(adam.parameters(), average, 1e-12, 1e-14));
  EXPECT_TRUE(torch::equal(module->a.flatten(), adam.parameters().narrow(0, 0, 6)));
  EXPECT_FALSE(torch::allclose(average, last));
  adam.exchange_average();
  EXPECT_TRUE(torch::equal(adam.parameters(), last));
  EXPECT_EQ(adam.state().back().first, "average");
  EXPECT_FALSE(Adam(*module, {}).keeps_average());
}

// Kingma and Ba, 2015, algorithm 1, written out; decay as Loshchilov and Hutter, 2019.
TEST(Adam, TakesTheStepsOfThePaper) {
  for (const double decay : {0.0, 0.1}) {
    TwoParameters module;
    module->to(torch::kDouble);
    at::Tensor a = module->a.detach().clone(), mean = torch::zeros_like(a),
               square = torch::zeros_like(a);
    Adam adam(*module, {.beta1 = 0.9, .beta2 = 0.98, .epsilon = 1e-8, .weight_decay = decay});
    for (int t = 1; t <= 5; ++t) {
      adam.zero_gradients();
      module->loss().backward();
      adam.step(2.0, 0, 0.01);
      const at::Tensor gradient = 2 * a / 2.0;
      mean = 0.9 * mean + 0.1 * gradient;
      square = 0.98 * square + 0.02 * gradient * gradient;
      a = a * (1 - 0.01 * decay) - 0.01 * (mean / (1 - std::pow(0.9, t))) /
                                       ((square / (1 - std::pow(0.98, t))).sqrt() + 1e-8);
      EXPECT_TRUE(torch::allclose(module->a, a, 1e-10, 1e-12)) << "step " << t;
    }
  }
}

TEST(Adam, TakesStepsOfEachParametersOwnRate) {
  const auto after = [](const Adam::RateFactor& factor, double rate) {
    TwoParameters module;
    module->to(torch::kDouble);
    Adam adam(*module, {.weight_decay = 0.1}, factor);
    for (int t = 0; t < 3; ++t) {
      adam.zero_gradients();
      module->loss().backward();
      adam.step(2.0, 0, rate);
    }
    return std::pair(module->a.detach().clone(), module->b.detach().clone());
  };
  const auto one = [](const std::string&) { return 1.0; };
  const auto apart = after([](const std::string& name) { return name == "a" ? 3.0 : 0.0; }, 0.01);
  EXPECT_TRUE(torch::equal(apart.first, after(one, 3.0 * 0.01).first));
  EXPECT_TRUE(torch::equal(apart.second, after(one, 0).second));
}

TEST(Adam, KeepsNothingOfParametersThatDoNotLearn) {
  TwoParameters module;
  module->a.set_requires_grad(false);
  const at::Tensor before = module->a.clone();
  Adam adam(*module, {.average = 0.5});
  for (const auto& [name, tensor] : adam.state())
    EXPECT_EQ(tensor.numel(), name == "steps" ? 1 : 4) << name;
  add_gradients(module->loss(), {module->b});
  EXPECT_GT(adam.gradients().norm().item<double>(), 0);
  adam.step(1, 0, 0.1);
  adam.exchange_average();
  EXPECT_TRUE(torch::equal(module->a, before));
  EXPECT_FALSE(module->a.grad().defined());
  // A loss that hangs on nothing that learns adds nothing.
  adam.zero_gradients();
  add_gradients(module->a.sum(), {module->b});
  EXPECT_EQ(adam.gradients().norm().item<double>(), 0);
}

TEST(Adam, ClipsTheNormAfterDividing) {
  TwoParameters module;
  Adam adam(*module, {});
  module->loss().backward();
  const double norm = adam.gradients().norm().item<double>();
  EXPECT_NEAR(adam.step(4.0, 0.5 * norm / 4, 0.0).item<double>(), norm / 4, 1e-6);
  EXPECT_NEAR(adam.gradients().norm().item<double>(), norm / 8, 1e-5);
}

TEST(Adam, TakesNoStepOnANonFiniteGradient) {
  TwoParameters module;
  Adam adam(*module, {});
  const at::Tensor before = adam.parameters().clone();
  module->loss().backward();
  module->a.grad()[0][0] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(adam.step(1, 0, 0.1).item<double>()));
  EXPECT_TRUE(torch::equal(before, adam.parameters()));
}

TEST(Schedule, GrowsLinearlyThenFallsWithTheSquareRoot) {
  EXPECT_NEAR(inverse_square_root(1, 5e-3, 2000, 1e-7), 1e-7 + (5e-3 - 1e-7) / 2000, 1e-12);
  EXPECT_DOUBLE_EQ(inverse_square_root(2000, 5e-3, 2000, 1e-7), 5e-3);
  EXPECT_DOUBLE_EQ(inverse_square_root(8000, 5e-3, 2000, 1e-7), 2.5e-3);
}

TEST(Schedule, GrowsLinearlyThenFallsOnAStraightLineToZero) {
  // 4 updates of growth, then 6 more: 1, 6/7, ..., 1/7, and 0 after the last.
  EXPECT_DOUBLE_EQ(linear_decay(1, 8e-3, 4, 0, 10), 2e-3);
  EXPECT_DOUBLE_EQ(linear_decay(4, 8e-3, 4, 0, 10), 8e-3);
  EXPECT_DOUBLE_EQ(linear_decay(5, 7e-3, 4, 0, 10), 6e-3);
  EXPECT_DOUBLE_EQ(linear_decay(10, 7e-3, 4, 0, 10), 1e-3);
  EXPECT_DOUBLE_EQ(linear_decay(11, 7e-3, 4, 0, 10), 0);
}

TEST(Schedule, IsTheOneThatTheOptionsChoose) {
  LearningOptions options;  // inverse_sqrt
  EXPECT_EQ(learning_rate(options, 8000), inverse_square_root(8000, 5e-3, 2000, 1e-7));
  options.decay = "linear";
  EXPECT_EQ(learning_rate(options, 8000), linear_decay(8000, 5e-3, 2000, 1e-7, 8000));
}

TEST(Schedule, TauGrowsToItsValue) {
  EXPECT_EQ(linear_growth(1, 0), 1);
  EXPECT_EQ(linear_growth(5, 10), 0.5);
  EXPECT_EQ(linear_growth(50, 10), 1);
}

}  // namespace penalmt::optimiser_test
