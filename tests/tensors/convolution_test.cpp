#include "tensors/convolution.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <tuple>

namespace penalmt::convolution_test {

// The output and both gradients, in the type of x.
std::tuple<at::Tensor, at::Tensor, at::Tensor> all_of(at::Tensor x, at::Tensor weight,
                                                      int64_t stride) {
  x = x.detach().clone(at::MemoryFormat::ChannelsLast).requires_grad_();
  weight = weight.detach().clone().requires_grad_();
  const at::Tensor y = convolution(x, weight, stride);
  torch::manual_seed(5);
  y.backward(at::randn(y.sizes(), at::kDouble).to(y.scalar_type()));
  return {y, x.grad(), weight.grad()};
}

void expect_near(const at::Tensor& got, const at::Tensor& expected) {
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LE((got.to(at::kDouble) - expected).abs().max().item<double>(),
            1e-5 * expected.abs().max().item<double>());
}

// Few channels and a stride, where oneDNN's own backward pass of a single pixel destroys memory: in
// float32 as in float64, whose products LibTorch makes itself.
TEST(Convolution, OfFewChannelsIsTheSameInBothTypes) {
  torch::manual_seed(4);
  for (const int64_t channels : {3, 4, 8, 16})
    for (const int64_t kernel : {1, 3})
      for (const int64_t stride : {1, 2}) {
        const at::Tensor x = at::randn({37, channels, 33, 32}, at::kDouble);
        const at::Tensor weight = at::randn({2 * channels, channels, kernel, kernel}, at::kDouble);
        const auto [y, x_gradient, weight_gradient] = all_of(x, weight, stride);
        EXPECT_EQ(y.sizes(), at::IntArrayRef(
                                 {37, 2 * channels, stride == 1 ? 33 : 17, stride == 1 ? 32 : 16}));
        const auto [single, single_x, single_weight] =
            all_of(x.to(at::kFloat), weight.to(at::kFloat), stride);
        expect_near(single, y);
        expect_near(single_x, x_gradient);
        expect_near(single_weight, weight_gradient);
      }
}

// By hand: every second pixel, twice.
TEST(Convolution, OfASinglePixelLeavesOutThoseItSkips) {
  const at::Tensor x = at::arange(15, at::kFloat).view({1, 1, 3, 5});
  EXPECT_TRUE(
      torch::equal(convolution(x, at::full({1, 1, 1, 1}, 2.0F), 2),
                   torch::tensor({0., 4., 8., 20., 24., 28.}).to(at::kFloat).view({1, 1, 2, 3})));
}

}  // namespace penalmt::convolution_test
