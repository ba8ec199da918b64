#include "tensors/counter_random.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace penalmt::counter_random_test {

at::Tensor factors(double probability, uint64_t site, int64_t sentences = 64, int64_t length = 32,
                   int64_t channels = 128) {
  return dropout_factors(row_counters(torch::arange(sentences), length, 1, 5), {probability, site},
                         channels, torch::empty({0}));
}

TEST(CounterRandom, DropsTheAskedShareAndKeepsTheMean) {
  for (const double p : {0.1, 0.3, 0.5}) {
    const at::Tensor f = factors(p, 3);  // 262,144 draws: deviation of the share below 0.001
    EXPECT_NEAR(f.eq(0).to(torch::kDouble).mean().item<double>(), p, 0.005);
    EXPECT_NEAR(f.to(torch::kDouble).mean().item<double>(), 1.0, 0.01);
  }
}

// Neighbours of every kind agree as often as independent draws do.
TEST(CounterRandom, NeighbouringDrawsAreIndependent) {
  const at::Tensor dropped = factors(0.5, 3).eq(0);
  const auto agreement = [](const at::Tensor& a, const at::Tensor& b) {
    return a.eq(b).to(torch::kDouble).mean().item<double>();
  };
  EXPECT_NEAR(agreement(dropped.narrow(2, 0, 127), dropped.narrow(2, 1, 127)), 0.5, 0.006)
      << "channels";
  EXPECT_NEAR(agreement(dropped.narrow(2, 0, 64), dropped.narrow(2, 64, 64)), 0.5, 0.006)
      << "halves, which share a draw";
  EXPECT_NEAR(agreement(dropped.narrow(1, 0, 31), dropped.narrow(1, 1, 31)), 0.5, 0.006)
      << "positions";
  EXPECT_NEAR(agreement(dropped.narrow(0, 0, 63), dropped.narrow(0, 1, 63)), 0.5, 0.006)
      << "examples";
  EXPECT_NEAR(agreement(dropped, factors(0.5, 4).eq(0)), 0.5, 0.006) << "sites";
}

TEST(CounterRandom, DependsOnTheExampleNotOnItsPlaceInTheBatch) {
  const at::Tensor ids = torch::tensor({7, 3, 900});
  const at::Tensor together = row_counters(ids, 6, 1, 2),
                   alone = row_counters(ids.narrow(0, 2, 1), 9, 1, 2);
  EXPECT_TRUE(torch::equal(together[2], alone[0].narrow(0, 0, 6)));
  EXPECT_FALSE(torch::equal(together[0], together[1]));
  EXPECT_FALSE(torch::equal(together, row_counters(ids, 6, 2, 2)));
  EXPECT_FALSE(torch::equal(together, row_counters(ids, 6, 1, 3)));
}

TEST(CounterRandom, TheFirstPassDrawsAsOneAloneAndOthersDrawAnew) {
  const at::Tensor ids = torch::tensor({7, 3, 900}), first = row_counters(ids, 6, 1, 2);
  EXPECT_TRUE(torch::equal(row_counters(ids, 6, 1, 2, 0), first));
  EXPECT_TRUE(row_counters(ids, 6, 1, 2, 1).ne(first).all().item<bool>());
  EXPECT_TRUE(row_counters(ids, 6, 1, 2, 1).ne(row_counters(ids, 6, 1, 2, 2)).all().item<bool>());
}

TEST(CounterRandom, TheBackwardPassDrawsTheSameMask) {
  const at::Tensor counters = row_counters(torch::arange(3), 4, 1, 1);
  at::Tensor x = torch::cos(torch::arange(3 * 4 * 7, torch::kDouble))
                     .reshape({3, 4, 7})
                     .set_requires_grad(true);
  const at::Tensor y = dropout(x, counters, {0.4, 9});
  y.sum().backward();
  EXPECT_TRUE(torch::equal(y, x * x.grad()));
  EXPECT_GT(x.grad().eq(0).sum().item<int64_t>(), 0);
}

// An odd number of channels has a middle one that shares its draw with nobody.
TEST(CounterRandom, FloatAndDoubleDrawAlike) {
  const at::Tensor counters = row_counters(torch::arange(5), 3, 1, 1);
  const at::Tensor single = dropout_factors(counters, {0.3, 2}, 9, torch::empty({0}));
  const at::Tensor twice =
      dropout_factors(counters, {0.3, 2}, 9, torch::empty({0}, torch::kDouble));
  EXPECT_TRUE(torch::equal(single.eq(0), twice.eq(0)));
}

}  // namespace penalmt::counter_random_test
