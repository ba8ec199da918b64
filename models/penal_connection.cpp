#include "models/penal_connection.h"

#include <torch/torch.h>

#include "tensors/residual_norm.h"

namespace penalmt {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// x + z, whose backward pass adds tau * z to the gradient at z; relative: tau * z over the mean
// square of x's row, which counts for at least 1/10.
class PenalAddition : public torch::autograd::Function<PenalAddition> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& z,
                            const Rows& rows, const PenalTerm& penal) {
    at::Tensor sum = x + z;
    context->save_for_backward({x, sum, rows.real});
    context->saved_data["tau"] = penal.tau;
    context->saved_data["relative"] = penal.relative;
    return sum;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &real = saved[2];
    at::Tensor z = (saved[1] - x).mul_(context->saved_data["tau"].toDouble());
    if (context->saved_data["relative"].toBool()) {
      const auto width = static_cast<double>(x.size(-1));
      const at::Tensor squares =
          at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, /*keepdim=*/true).square_();
      z.mul_(width / squares.clamp_min_(width / 10));
    }
    if (real.defined()) z.mul_(real.unsqueeze(-1));
    return {gradients[0], z.add_(gradients[0]), {}, {}};
  }
};

// x + z, whose backward pass adds tau * (x + z) to the gradient of both.
class StreamPenalAddition : public torch::autograd::Function<StreamPenalAddition> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& z,
                            const Rows& rows, double tau) {
    at::Tensor sum = x + z;
    context->save_for_backward({sum, rows.real});
    context->saved_data["tau"] = tau;
    return sum;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    at::Tensor gradient = saved[0] * context->saved_data["tau"].toDouble();
    if (saved[1].defined()) gradient.mul_(saved[1].unsqueeze(-1));
    gradient.add_(gradients[0]);
    return {gradient, gradient, {}, {}};
  }
};

// What needs no gradient of norm(x + dropout(branch)).
struct ResidualNormSettings {
  const Rows& rows;
  double epsilon;
  DropoutSite site;
  PenalTerm penal;
};

// norm(x + dropout(branch)) by the fused kernel.
class PenalResidualNorm : public torch::autograd::Function<PenalResidualNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& branch,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const ResidualNormSettings& settings) {
    const auto& [rows, epsilon, site, penal] = settings;
    const at::Tensor contiguous_x = x.contiguous();
    ResidualNormResult result = residual_norm(contiguous_x, branch.contiguous(),
                                              {weight, bias, epsilon}, {rows.counters, site});
    context->save_for_backward(
        {contiguous_x, weight, result.sum, result.mean, result.rstd, rows.real, rows.counters});
    context->saved_data["probability"] = site.probability;
    context->saved_data["site"] = static_cast<int64_t>(site.site);
    context->saved_data["tau"] = penal.tau;
    context->saved_data["relative"] = penal.relative;
    context->saved_data["type"] = static_cast<int64_t>(branch.scalar_type());
    return result.y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const DropoutSite site{context->saved_data["probability"].toDouble(),
                           static_cast<uint64_t>(context->saved_data["site"].toInt())};
    ResidualNormGradients result = residual_norm_backward(
        gradients[0].contiguous(),
        {.x = saved[0],
         .kept = {{}, saved[2], saved[4], saved[3]},
         .weight = saved[1],
         .dropout = {saved[6], site},
         .real = saved[5],
         .penal = {context->saved_data["tau"].toDouble(), context->saved_data["relative"].toBool()},
         .branch_type = static_cast<at::ScalarType>(context->saved_data["type"].toInt())});
    return {result.x, result.branch, result.weight, result.bias, {}};
  }
};

}  // namespace

at::Tensor CounterDropoutImpl::forward(const at::Tensor& x, const Rows& rows) {
  const DropoutSite site = active_site();
  if (site.threshold() == 0) return x;
  TORCH_CHECK(rows.counters.defined(), "dropout in training needs the rows' counters");
  return dropout(x, rows.counters, site);
}

at::Tensor CounterDropoutImpl::whole_rows(const at::Tensor& x, const Rows& rows) {
  const DropoutSite site = active_site();
  if (site.threshold() == 0) return x;
  TORCH_CHECK(rows.counters.defined(), "dropout in training needs the rows' counters");
  return x * dropout_factors(rows.token_counters.defined() ? rows.token_counters : rows.counters,
                             site, 1, x);
}

at::Tensor CounterDropoutImpl::cut_rows(const at::Tensor& x, const Rows& rows) {
  const DropoutSite site{rows.token_cutoff, mix64(site_.site ^ 0x63757421ull)};
  if (site.threshold() == 0) return x;
  TORCH_CHECK(rows.counters.defined(), "token cutoff needs the rows' counters");
  return x * dropout_factors(rows.counters, site, 1, x).ne(0);
}

bool CounterDropoutImpl::drops_rows(const Rows& rows) const {
  return active_site().threshold() != 0 || DropoutSite{rows.token_cutoff, 0}.threshold() != 0;
}

bool CounterDropoutImpl::drops(int64_t unit, const Rows& rows) const {
  const DropoutSite site = active_site();
  const uint64_t drawn =
      mix64(mix64(rows.update_counter ^ mix64(site.site)) ^ static_cast<uint64_t>(unit));
  return (drawn & 0xFFFF) < site.threshold();
}

void name_dropout_sites(torch::nn::Module& root) {
  for (const auto& item : root.named_modules("", /*include_self=*/false)) {
    auto* module = item.value()->as<CounterDropoutImpl>();
    if (!module) continue;
    uint64_t hash = 0xCBF29CE484222325ull;  // FNV-1a: the same on every platform
    for (const unsigned char letter : item.key()) hash = (hash ^ letter) * 0x100000001B3ull;
    module->set_site(hash);
  }
}

Penalty penalty_named(const std::string& name) {
  return name == "relative" ? Penalty::relative
         : name == "stream" ? Penalty::stream
                            : Penalty::absolute;
}

BranchScale branch_scale_named(const std::string& name) {
  return name == "scalar"    ? BranchScale::scalar
         : name == "channel" ? BranchScale::channel
                             : BranchScale::none;
}

PenalOptions PenalOptions::at_depth(int64_t l, int64_t residuals) const {
  PenalOptions here = *this;
  if (residuals > 1)
    here.tau *=
        2 - grade + (2 * grade - 2) * static_cast<double>(l) / static_cast<double>(residuals - 1);
  return here;
}

PenalConnectionImpl::PenalConnectionImpl(double dropout_probability, const PenalOptions& penal,
                                         int64_t width)
    : dropout(register_module("dropout", CounterDropout(dropout_probability))),
      tau_(penal.tau),
      penalty_(penal.penalty) {
  if (penal.scale != BranchScale::none)
    scale = register_parameter(
        "scale", at::full({penal.scale == BranchScale::scalar ? 1 : width}, penal.scale_start));
}

at::Tensor PenalConnectionImpl::scaled(const at::Tensor& branch) const {
  if (!scale.defined()) return branch;
  return branch * (branch.dim() == 4 ? scale.view({-1, 1, 1}) : scale);
}

at::Tensor PenalConnectionImpl::folded(const at::Tensor& parameter) const {
  if (removed_) return at::zeros_like(parameter);
  if (!scale.defined()) return parameter.detach();
  return (parameter * (parameter.dim() == 2 ? scale.unsqueeze(1) : scale)).detach();
}

at::Tensor PenalConnectionImpl::forward(const at::Tensor& x, const at::Tensor& branch,
                                        const Rows& rows) {
  if (removed_) return x;
  const at::Tensor z = dropout(scaled(branch.to(x.scalar_type())), rows);
  if (observer_) observer_->see(*this, x, z, rows);
  if (!is_training() || tau_ == 0) return x + z;
  const double tau = tau_ * rows.tau_scale;
  if (penalty_ == Penalty::stream) return StreamPenalAddition::apply(x, z, rows, tau);
  return PenalAddition::apply(x, z, rows, PenalTerm{tau, penalty_ == Penalty::relative});
}

at::Tensor PenalConnectionImpl::normalised(const at::Tensor& x, const at::Tensor& branch,
                                           const Rows& rows, torch::nn::LayerNormImpl& norm) {
  const bool kernel = x.scalar_type() == at::kFloat &&
                      (branch.scalar_type() == at::kFloat || branch.scalar_type() == at::kBFloat16);
  if (!kernel || removed_ || observer_ || penalty_ == Penalty::stream ||
      (!is_training() && at::GradMode::is_enabled()))
    return norm.forward(forward(x, branch, rows));
  if (!is_training())
    return residual_norm(x.contiguous(), scaled(branch).contiguous(),
                         {norm.weight, norm.bias, norm.options.eps()}, {})
        .y;
  TORCH_CHECK(dropout->active_site().threshold() == 0 || rows.counters.defined(),
              "dropout in training needs the rows' counters");
  return PenalResidualNorm::apply(
      x, scaled(branch), norm.weight, norm.bias,
      ResidualNormSettings{rows,
                           norm.options.eps(),
                           dropout->active_site(),
                           {tau_ * rows.tau_scale, penalty_ == Penalty::relative}});
}

ResidualImpl::ResidualImpl(int64_t width, NormOrder order, double dropout,
                           const PenalOptions& penal)
    : connection(register_module("connection", PenalConnection(dropout, penal, width))),
      norm(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})))),
      order_(order) {}

}  // namespace penalmt
