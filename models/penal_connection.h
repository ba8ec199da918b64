// The penal connection (Chen et al., "Rethinking skip connection model as a learnable Markov
// chain", ICLR 2023).
//
//   forward   x_l = x_{l-1} + z_l              z_l: what is really added, the branch's output
//                                              after dropout
//   backward  dJ/dz_l = dL/dx_l + tau * z_l    the gradient of J = L + tau/2 * sum_l ||z_l||^2
//
// L is a sum over target tokens, divided once an update, after the last backward pass; so tau means
// the same whatever the batch size and the accumulation. Padding adds nothing. In evaluation, and
// with tau = 0, it is plain addition.
//
// z costs no memory: it is computed again as x_l - x_{l-1}, and both are kept for the layers around
// anyway.
#pragma once

#include <torch/nn/cloneable.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>

#include "tensors/counter_random.h"

namespace penalmt {

// Dropout drawn from counters. Its site is a hash of its path in the model (`name_dropout_sites`),
// so no two are alike.
class CounterDropoutImpl : public torch::nn::Module {
 public:
  // probability: of dropping a channel, 0 <= p < 1.
  explicit CounterDropoutImpl(double probability) : site_{probability, 0} {}
  // x: [B, T, C] with rows of [B, T]; x itself in evaluation.
  at::Tensor forward(const at::Tensor& x, const Rows& rows);
  // In evaluation nothing is dropped, whatever the probability.
  DropoutSite active_site() const { return is_training() ? site_ : DropoutSite{}; }
  void set_site(uint64_t site) { site_.site = site; }

 private:
  DropoutSite site_;
};
TORCH_MODULE(CounterDropout);

// Gives every CounterDropout below `root` the hash of its path.
void name_dropout_sites(torch::nn::Module& root);

class PenalConnectionImpl : public torch::nn::Module {
 public:
  PenalConnectionImpl(double dropout, double tau);

  // x + z, z = dropout(branch). x, branch: [B, T, C]; or feature maps [B, C, h, w], without dropout
  // and with `rows.real` undefined.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& branch, const Rows& rows);
  // norm(x + z): the same in one pass over the memory where a kernel is at hand (float32 on the
  // CPU).
  at::Tensor normalised(const at::Tensor& x, const at::Tensor& branch, const Rows& rows,
                        torch::nn::LayerNormImpl& norm);

  double tau() const { return tau_; }
  void set_tau(double tau) { tau_ = tau; }

  CounterDropout dropout;

 private:
  double tau_;
};
TORCH_MODULE(PenalConnection);

// Where the normalisation stands: after the sum (Vaswani et al., 2017), or before the branch (the
// true chain).
enum class NormOrder { post, pre };

// One residual of a stack: its penal connection, its normalisation, and the order of the two.
class ResidualImpl : public torch::nn::Module {
 public:
  ResidualImpl(int64_t width, NormOrder order, double dropout, double tau);

  // post: norm(x + z(branch(x))); pre: x + z(branch(norm(x))). `branch` maps [B, T, C] to [B, T,
  // C].
  template <class Branch>
  at::Tensor forward(const at::Tensor& x, const Rows& rows, const Branch& branch) {
    if (order_ == NormOrder::pre) return connection(x, branch(norm(x)), rows);
    return connection->normalised(x, branch(x), rows, *norm);
  }

  PenalConnection connection;
  torch::nn::LayerNorm norm;

 private:
  NormOrder order_;
};
TORCH_MODULE(Residual);

}  // namespace penalmt
