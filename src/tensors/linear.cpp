#include "tensors/linear.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "tensors/device_program.h"
#include "tensors/packed_linear.h"
#include "tensors/precision.h"
#include "tensors/private_aten_operators.h"
#include "tensors/row_parts.h"

namespace penalmt {
namespace {

// float32 products through the faster library of this CPU.
class FloatLinear : public torch::autograd::Function<FloatLinear> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias) {
    context->save_for_backward({x, weight});
    return onednn_linear(x, weight, bias);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor gradient = gradients[0].reshape({-1, gradients[0].size(-1)});  // [N, out]
    const at::Tensor x = saved[0].reshape({-1, saved[0].size(-1)});                 // [N, in]
    at::Tensor of_x, of_weight, of_bias;
    if (context->needs_input_grad(0))
      of_x = onednn_linear(gradient, saved[1].t().contiguous(), {}).view_as(saved[0]);
    if (context->needs_input_grad(1)) of_weight = at::mm(gradient.t(), x);
    if (context->needs_input_grad(2)) of_bias = gradient.sum(0);
    return {of_x, of_weight, of_bias};
  }
};

// The gradient at a bias. gradient: [N, out] → [out] float32.
at::Tensor row_sum(const at::Tensor& gradient) {
  return gradient.is_cpu() ? gradient.sum(0, false, at::kFloat)
                           : device_column_sums(gradient.contiguous()).squeeze(0);
}

// float32 products of a GPU, whose library takes 18 us for a bias's gradient where our kernel takes
// a third.
class DeviceLinear : public torch::autograd::Function<DeviceLinear> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias) {
    context->save_for_backward({x, weight});
    return at::linear(x, weight, bias);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor gradient = gradients[0].reshape({-1, gradients[0].size(-1)});  // [N, out]
    const at::Tensor x = saved[0].reshape({-1, saved[0].size(-1)});                 // [N, in]
    at::Tensor of_x, of_weight, of_bias;
    if (context->needs_input_grad(0)) of_x = at::mm(gradient, saved[1]).view_as(saved[0]);
    if (context->needs_input_grad(1)) of_weight = at::mm(gradient.t(), x);
    if (context->needs_input_grad(2)) of_bias = row_sum(gradient);
    return {of_x, of_weight, of_bias};
  }
};

// x: [.., in], weight: [out, in], bias: [out] or undefined, all bfloat16 → [.., out].
at::Tensor narrow_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!x.is_cpu()) return at::linear(x, weight, bias);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  const at::Tensor rows = x.reshape({-1, x.size(-1)}), turned = weight.t();
  at::Tensor out = at::empty({rows.size(0), weight.size(0)}, x.options());
  for_repeated_parts(rows.size(0), [&](int64_t first, int64_t count) {
    at::Tensor part = out.narrow(0, first, count);
    if (bias.defined())
      at::addmm_out(part, bias, rows.narrow(0, first, count), turned);
    else
      at::mm_out(part, rows.narrow(0, first, count), turned);
  });
  return out.view(shape);
}

// gradient^T x: [N, out], [N, in] bfloat16 → [out, in] float32.
at::Tensor narrow_weight_gradient(const at::Tensor& gradient, const at::Tensor& x) {
  if (!x.is_cpu()) return at::mm(gradient.t(), x).to(at::kFloat);
  at::Tensor sum;
  for_repeated_parts(x.size(0), [&](int64_t first, int64_t count) {
    const at::Tensor part = at::mm(gradient.narrow(0, first, count).t(), x.narrow(0, first, count));
    sum = sum.defined() ? sum.add_(part) : part.to(at::kFloat);
  });
  return sum.defined() ? sum : at::zeros({gradient.size(1), x.size(1)}, at::kFloat);
}

// bfloat16 inputs, float32 sums. The narrowed x is what the backward pass keeps: half the memory.
// Where x is narrow already, so are the result and the gradient at x.
class NarrowLinear : public torch::autograd::Function<NarrowLinear> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias) {
    const at::Tensor narrow_x = x.to(at::kBFloat16), narrow_weight = narrowed(weight);
    context->save_for_backward({narrow_x, narrow_weight});
    return narrow_product(narrow_x, narrow_weight, bias.defined() ? narrowed(bias) : bias)
        .to(x.scalar_type());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor gradient = gradients[0].reshape({-1, gradients[0].size(-1)});
    const at::Tensor narrow = gradient.to(at::kBFloat16);
    const at::Tensor x = saved[0].reshape({-1, saved[0].size(-1)});
    at::Tensor of_x, of_weight, of_bias;
    if (context->needs_input_grad(0))
      of_x = narrow_product(narrow, saved[1].t(), {}).to(gradient.scalar_type()).view_as(saved[0]);
    if (context->needs_input_grad(1)) of_weight = narrow_weight_gradient(narrow, x);
    if (context->needs_input_grad(2)) of_bias = row_sum(gradient);
    return {of_x, of_weight, of_bias};
  }
};

}  // namespace

at::Tensor for_products(const at::Tensor& x) {
  const bool narrow = x.scalar_type() == at::kFloat && matrix_precision() == Precision::bfloat16;
  return narrow ? x.to(at::kBFloat16) : x;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (const PackedMatrix* packed = packed_form(weight)) return product(*packed, x);
  if (matrix_precision() == Precision::bfloat16) return NarrowLinear::apply(x, weight, bias);
  if (bias.defined() && onednn_is_faster(x)) return FloatLinear::apply(x, weight, bias);
  if (bias.defined() && !x.is_cpu() && x.scalar_type() == at::kFloat)
    return DeviceLinear::apply(x, weight, bias);
  return at::linear(x, weight, bias);
}

}  // namespace penalmt
