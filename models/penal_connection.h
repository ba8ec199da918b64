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
//
// Variants of the penalty, a position (C numbers):
//
//   absolute   tau/2 * ||z_l||^2
//   relative   tau/2 * C * ||z_l||^2 / max(||x_{l-1}||^2, C/10), the denominator held constant: a
//              network can shrink every branch without changing its function where a normalisation
//              follows, and this penalty does not see it
//   stream     tau/2 * ||x_l||^2 of the sum, a control: its gradient goes to both addends
#pragma once

#include <torch/nn/cloneable.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>

#include <string>

#include "models/kinds.h"
#include "tensors/counter_random.h"

namespace penalmt {

// Dropout drawn from counters. Its site is a hash of its path in the model (`name_dropout_sites`),
// so no two are alike.
class CounterDropoutImpl : public torch::nn::Module {
 public:
  // probability: of dropping a channel, 0 <= p < 1.
  explicit CounterDropoutImpl(double probability) : site_{probability, 0} {}
  // x: [B, T, C] with rows of [B, T] → [B, T, C]; x itself in evaluation.
  at::Tensor forward(const at::Tensor& x, const Rows& rows);
  // The same with one draw a row, whose channels are dropped together; alike in all passes.
  at::Tensor whole_rows(const at::Tensor& x, const Rows& rows);
  // x as above. Whole rows set to zero with the pass's probability, the others as they are.
  at::Tensor cut_rows(const at::Tensor& x, const Rows& rows);
  // Whether whole_rows or cut_rows would change anything.
  bool drops_rows(const Rows& rows) const;
  // One draw an update for the whole of a unit, as layer number `unit` of a stack: true where it is
  // dropped.
  bool drops(int64_t unit, const Rows& rows) const;
  // In evaluation nothing is dropped, whatever the probability.
  DropoutSite active_site() const { return is_training() ? site_ : DropoutSite{}; }
  void set_site(uint64_t site) { site_.site = site; }

 private:
  DropoutSite site_;
};
TORCH_MODULE(CounterDropout);

// Gives every CounterDropout below `root` the hash of its path.
void name_dropout_sites(torch::nn::Module& root);

enum class Penalty { absolute, relative, stream };
// "relative" or "stream"; any other word is absolute.
Penalty penalty_named(const std::string& name);

// What a branch's output is multiplied by before it is added: nothing, one learned number, or one a
// channel (LayerScale, Touvron et al., 2021; begun at 0: ReZero, Bachlechner et al., 2021).
enum class BranchScale { none, scalar, channel };
// "scalar" or "channel"; any other word is none.
BranchScale branch_scale_named(const std::string& name);

// The penal connections of a stack, or one of them.
struct PenalOptions {
  double tau = 0;    // mean over the stack's residuals
  double grade = 1;  // tau is grade * tau at the last residual, linear in depth
  Penalty penalty = Penalty::absolute;
  BranchScale scale = BranchScale::none;
  double scale_start = 0.1;

  // Those of residual l = 0 .. residuals - 1 of a stack.
  PenalOptions at_depth(int64_t l, int64_t residuals) const;
};

class PenalConnectionImpl;

// Is shown each residual as it is added, in evaluation too. x, z: [B, T, C], or [B, C, h, w] of
// feature maps, as PenalConnection adds them, with their graph.
class ResidualObserver {
 public:
  virtual ~ResidualObserver() = default;
  virtual void see(const PenalConnectionImpl& connection, const at::Tensor& x, const at::Tensor& z,
                   const Rows& rows) = 0;
};

class PenalConnectionImpl : public torch::nn::Module {
 public:
  // width: C. `penal`: of this connection alone, its grade without effect.
  PenalConnectionImpl(double dropout, const PenalOptions& penal, int64_t width);

  // x + z, z = dropout(scale * branch). x, branch: [B, T, C]; or feature maps [B, C, h, w], without
  // dropout and with `rows.real` undefined, whose penalty is not relative → the shape of x.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& branch, const Rows& rows);
  // norm(x + z): [B, T, C], the same in one pass over the memory where a kernel is at hand (of
  // float32).
  at::Tensor normalised(const at::Tensor& x, const at::Tensor& branch, const Rows& rows,
                        torch::nn::LayerNormImpl& norm);

  double tau() const { return tau_; }
  void set_tau(double tau) { tau_ = tau; }
  // Who is shown x and z from now on; null: nobody. It must outlive its being shown.
  void observe(ResidualObserver* observer) { observer_ = observer; }
  // While removed, z is left out: the sum is x. For evaluation.
  void remove(bool removed) { removed_ = removed; }
  bool is_removed() const { return removed_; }

  // The weight [C, in] or bias [C] of the branch's last linear map with the branch's scale in it; 0
  // where the branch is removed.
  at::Tensor folded(const at::Tensor& parameter) const;

  CounterDropout dropout;
  at::Tensor scale;  // [1] or [C]; undefined where the branch is added as it is

 private:
  // [B, T, C] or [B, C, h, w] → the same.
  at::Tensor scaled(const at::Tensor& branch) const;

  double tau_;
  Penalty penalty_;
  bool removed_ = false;
  ResidualObserver* observer_ = nullptr;
};
TORCH_MODULE(PenalConnection);

// One residual of a stack: its penal connection, its normalisation, and the order of the two.
class ResidualImpl : public torch::nn::Module {
 public:
  ResidualImpl(int64_t width, NormOrder order, double dropout, const PenalOptions& penal);

  // post: norm(x + z(branch(x))); pre: x + z(branch(norm(x))). x: [B, T, C] → [B, T, C]; `branch`
  // maps [B, T, C] to [B, T, C].
  template <class Branch>
  at::Tensor forward(const at::Tensor& x, const Rows& rows, const Branch& branch) {
    if (order_ == NormOrder::kPre) return connection(x, branch(norm(x)), rows);
    return connection->normalised(x, branch(x), rows, *norm);
  }

  PenalConnection connection;
  torch::nn::LayerNorm norm;

 private:
  NormOrder order_;
};
TORCH_MODULE(Residual);

}  // namespace penalmt
