#include "models/penal_connection.h"

#include <torch/torch.h>

#include "tensors/residual_norm.h"

namespace penalmt {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// x + z, whose backward pass adds tau * z to the gradient at z.
class PenalAddition : public torch::autograd::Function<PenalAddition> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& z,
                            const Rows& rows, double tau) {
    at::Tensor sum = x + z;
    context->save_for_backward({x, sum, rows.real});
    context->saved_data["tau"] = tau;
    return sum;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    at::Tensor z = (saved[1] - saved[0]).mul_(context->saved_data["tau"].toDouble());
    if (saved[2].defined()) z.mul_(saved[2].unsqueeze(-1));
    return {gradients[0], z.add_(gradients[0]), {}, {}};
  }
};

// norm(x + dropout(branch)) by the fused kernel.
class PenalResidualNorm : public torch::autograd::Function<PenalResidualNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& branch,
                            const at::Tensor& weight, const at::Tensor& bias, const Rows& rows,
                            double epsilon, const DropoutSite& site, double tau) {
    const at::Tensor contiguous_x = x.contiguous();
    ResidualNormResult result = residual_norm(contiguous_x, branch.contiguous(), weight, bias,
                                              epsilon, rows.counters, site);
    context->save_for_backward(
        {contiguous_x, weight, result.sum, result.mean, result.rstd, rows.real, rows.counters});
    context->saved_data["probability"] = site.probability;
    context->saved_data["site"] = static_cast<int64_t>(site.site);
    context->saved_data["tau"] = tau;
    return result.y;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const DropoutSite site{context->saved_data["probability"].toDouble(),
                           static_cast<uint64_t>(context->saved_data["site"].toInt())};
    ResidualNormGradients result = residual_norm_backward(
        gradients[0].contiguous(), saved[0], {{}, saved[2], saved[4], saved[3]}, saved[1], saved[6],
        site, saved[5], context->saved_data["tau"].toDouble());
    return {result.x, result.branch, result.weight, result.bias, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor CounterDropoutImpl::forward(const at::Tensor& x, const Rows& rows) {
  const DropoutSite site = active_site();
  if (site.threshold() == 0) return x;
  TORCH_CHECK(rows.counters.defined(), "dropout in training needs the rows' counters");
  return dropout(x, rows.counters, site);
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

PenalConnectionImpl::PenalConnectionImpl(double dropout_probability, double tau)
    : dropout(register_module("dropout", CounterDropout(dropout_probability))), tau_(tau) {}

at::Tensor PenalConnectionImpl::forward(const at::Tensor& x, const at::Tensor& branch,
                                        const Rows& rows) {
  const at::Tensor z = dropout(branch, rows);
  if (!is_training() || tau_ == 0) return x + z;
  return PenalAddition::apply(x, z, rows, tau_ * rows.tau_scale);
}

at::Tensor PenalConnectionImpl::normalised(const at::Tensor& x, const at::Tensor& branch,
                                           const Rows& rows, torch::nn::LayerNormImpl& norm) {
  const bool kernel =
      x.is_cpu() && x.scalar_type() == at::kFloat && branch.scalar_type() == at::kFloat;
  if (!kernel || (!is_training() && at::GradMode::is_enabled()))
    return norm.forward(forward(x, branch, rows));
  if (!is_training())
    return residual_norm(x.contiguous(), branch.contiguous(), norm.weight, norm.bias,
                         norm.options.eps(), {}, {})
        .y;
  TORCH_CHECK(dropout->active_site().threshold() == 0 || rows.counters.defined(),
              "dropout in training needs the rows' counters");
  return PenalResidualNorm::apply(x, branch, norm.weight, norm.bias, rows, norm.options.eps(),
                                  dropout->active_site(), tau_ * rows.tau_scale);
}

ResidualImpl::ResidualImpl(int64_t width, NormOrder order, double dropout, double tau)
    : connection(register_module("connection", PenalConnection(dropout, tau))),
      norm(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})))),
      order_(order) {}

}  // namespace penalmt
