#include "tensors/token_loss.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensors/device_program.h"
#include "tensors/loss_rows.h"
#include "tensors/precision.h"
#include "tensors/private_aten_operators.h"
#include "tensors/row_kernels.h"
#include "tensors/row_parts.h"

namespace penalmt {
namespace {

struct RowLoss {
  double smoothed, nll;
  bool correct;
};

void scaled(const float* x, int64_t n, float factor, float shift, float* out) {
  row_kernels().scaled(x, n, factor, shift, out);
}
void scaled(const float* x, int64_t n, float factor, float shift, uint16_t* out) {
  row_kernels().narrow_scaled(x, n, factor, shift, out);
}

// The loss of one row of logits, which become their own gradient where `gradient` is set.
// exponentials: [vocabulary] of scratch: they are had once (half of this function's time).
template <class Scalar>
RowLoss row_loss(Scalar* logits, int64_t vocabulary, int64_t gold, float smoothing, bool gradient,
                 float* exponentials) {
  const auto [highest, mass, sum] = exponentials_of(logits, vocabulary, exponentials);
  const float log_mass = std::log(mass);
  const float gold_logit = widen(logits[gold]) - highest;
  const double nll = static_cast<double>(log_mass) - gold_logit;
  const double uniform = log_mass - static_cast<double>(sum) / static_cast<double>(vocabulary);
  if (gradient) {
    const float inverse = 1.0f / mass, base = smoothing / static_cast<float>(vocabulary);
    scaled(exponentials, vocabulary, inverse, base, logits);
    narrow(exponentials[gold] * inverse - base - (1.0f - smoothing), logits[gold]);
  }
  return {(1.0 - smoothing) * nll + smoothing * uniform, nll, gold_logit == 0};
}

struct Sums {
  double smoothed = 0, nll = 0, correct = 0;
};

// How rows of logits are judged.
struct RowRules {
  int64_t vocabulary, pad;
  double smoothing;
  bool gradient;
};

// Turns a slice of logits [n, V] into gradients (zero rows where there is no token) and adds up the
// losses, in the rows' order.
template <class Scalar>
void slice_loss(Scalar* logits, const int64_t* gold, int64_t rows, const RowRules& rules,
                Sums& sums) {
  const auto [vocabulary, pad, smoothing, gradient] = rules;
  std::vector<RowLoss> losses(rows);
  at::parallel_for(0, rows, 8, [&](int64_t begin, int64_t end) {
    std::vector<float> exponentials(vocabulary);
    for (int64_t row = begin; row < end; ++row) {
      Scalar* line = logits + row * vocabulary;
      if (gold[row] == pad) {
        std::fill_n(line, vocabulary, Scalar(0));
      } else {
        losses[row] = row_loss(line, vocabulary, gold[row], static_cast<float>(smoothing), gradient,
                               exponentials.data());
      }
    }
  });
  for (int64_t row = 0; row < rows; ++row) {
    if (gold[row] == pad) continue;
    sums.smoothed += losses[row].smoothed;
    sums.nll += losses[row].nll;
    sums.correct += losses[row].correct;
  }
}

struct FusedResult {
  at::Tensor sums;  // [3] float64 on the device of the states: smoothed, not smoothed, correct
  at::Tensor gradient_states, gradient_weight;
};

// Which gradients are asked for; that of the weight only with that of the states.
struct Wanted {
  bool states, weight;
};

at::Tensor tensor_of(const Sums& sums) {
  return at::tensor({sums.smoothed, sums.nll, sums.correct}, at::kDouble);
}

FusedResult fused_float(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& gold,
                        double smoothing, int64_t pad, Wanted wanted) {
  const int64_t rows = states.size(0), vocabulary = weight.size(0);
  FusedResult result;
  Sums sums;
  if (wanted.states) result.gradient_states = at::empty_like(states);
  if (wanted.weight) result.gradient_weight = at::zeros_like(weight);
  // MKL's product with the weight as it lies is slower on AMD than oneDNN's with a turned one (75
  // against 93 GFLOP/s on one thread of an EPYC).
  const bool turn = wanted.states && onednn_is_faster(states);
  const at::Tensor turned = turn ? weight.t().contiguous() : at::Tensor();  // [C, V]
  at::Tensor buffer = at::empty({std::min(kRowsAtOnce, rows), vocabulary}, states.options());
  for (int64_t begin = 0, count; begin < rows; begin += count) {
    count = next_slice(rows - begin, kRowsAtOnce);
    const at::Tensor slice = states.narrow(0, begin, count);
    at::Tensor logits = buffer.narrow(0, 0, count);
    if (onednn_is_faster(slice)) {
      logits = onednn_linear(slice, weight, {});
    } else {
      at::mm_out(logits, slice, weight.t());
    }
    slice_loss(logits.mutable_data_ptr<float>(), gold.const_data_ptr<int64_t>() + begin, count,
               {vocabulary, pad, smoothing, wanted.states}, sums);
    if (!wanted.states) continue;
    at::Tensor out = result.gradient_states.narrow(0, begin, count);
    if (turn)
      out.copy_(onednn_linear(logits, turned, {}));
    else
      at::mm_out(out, logits, weight);
    if (wanted.weight) result.gradient_weight.addmm_(logits.t(), slice);
  }
  result.sums = tensor_of(sums);
  return result;
}

FusedResult fused_narrow(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& gold,
                         double smoothing, int64_t pad, Wanted wanted) {
  const int64_t rows = states.size(0), vocabulary = weight.size(0);
  const at::Tensor narrow_states = states.to(at::kBFloat16),
                   narrow_weight = weight.to(at::kBFloat16);
  FusedResult result;
  Sums sums;
  if (wanted.states) result.gradient_states = at::empty_like(states);
  if (wanted.weight) result.gradient_weight = at::zeros_like(weight);
  at::Tensor buffer =
      at::empty({std::min(kNarrowRowsAtOnce, rows), vocabulary}, narrow_states.options());
  for (int64_t begin = 0, count; begin < rows; begin += count) {
    count = next_slice(rows - begin, kNarrowRowsAtOnce);
    const at::Tensor slice = narrow_states.narrow(0, begin, count);
    at::Tensor logits = buffer.narrow(0, 0, count);
    at::mm_out(logits, slice, narrow_weight.t());
    slice_loss(reinterpret_cast<uint16_t*>(logits.data_ptr()),
               gold.const_data_ptr<int64_t>() + begin, count,
               {vocabulary, pad, smoothing, wanted.states}, sums);
    if (!wanted.states) continue;
    result.gradient_states.narrow(0, begin, count).copy_(at::mm(logits, narrow_weight));
    if (wanted.weight) result.gradient_weight.add_(at::mm(logits.t(), slice));
  }
  result.sums = tensor_of(sums);
  return result;
}

// By the kernel of the GPU that the states lie on.
FusedResult fused_on_device(const at::Tensor& states, const at::Tensor& weight,
                            const at::Tensor& gold, double smoothing, int64_t pad, Wanted wanted) {
  const int64_t rows = states.size(0), vocabulary = weight.size(0);
  const at::ScalarType type =
      matrix_precision() == Precision::bfloat16 ? at::kBFloat16 : at::kFloat;
  const at::Tensor all = states.to(type), matrix = type == at::kFloat ? weight : narrowed(weight);
  const at::Tensor losses = at::empty({rows, 3}, states.options());
  FusedResult result;
  if (wanted.states) result.gradient_states = at::empty_like(states);
  for (int64_t begin = 0; begin < rows; begin += kDeviceRowsAtOnce) {
    const int64_t count = std::min(kDeviceRowsAtOnce, rows - begin);
    const at::Tensor slice = all.narrow(0, begin, count), logits = at::mm(slice, matrix.t());
    launch_kernel(states.device(), kernel_for("token_loss", type), a_block_each(count),
                  logits.mutable_data_ptr(), vocabulary, gold.const_data_ptr<int64_t>() + begin,
                  pad, static_cast<float>(smoothing), static_cast<int>(wanted.states),
                  losses.mutable_data_ptr<float>() + begin * 3);
    if (!wanted.states) continue;
    result.gradient_states.narrow(0, begin, count).copy_(at::mm(logits, matrix));
    if (!wanted.weight) continue;
    const at::Tensor part = at::mm(logits.t(), slice);
    result.gradient_weight =
        result.gradient_weight.defined() ? result.gradient_weight.add_(part) : part.to(at::kFloat);
  }
  result.sums = losses.sum(0, false, at::kDouble);
  return result;
}

class FusedLoss : public torch::autograd::Function<FusedLoss> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& states,
                            const at::Tensor& weight, const FusedResult& result) {
    context->saved_data["states"] = result.gradient_states;
    context->saved_data["weight"] = result.gradient_weight;
    return result.sums[0].to(states.scalar_type());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    at::Tensor states = context->saved_data["states"].toTensor(),
               weight = context->saved_data["weight"].toTensor();
    const at::Tensor& scale = gradients[0];  // nearly always 1, but asking a GPU would wait for it
    if (!scale.is_cpu() || scale.item<double>() != 1) {
      states = states * scale;
      if (weight.defined()) weight = weight * scale;
    }
    context->saved_data.clear();
    return {states, weight, {}};
  }
};

TokenLoss composed(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& gold,
                   double smoothing, int64_t pad) {
  const at::Tensor logits = at::linear(states, weight);
  const auto type = logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor log_probabilities = at::log_softmax(logits, -1, type);  // [N, V]
  const at::Tensor real = gold.ne(pad);
  const at::Tensor nll =
      -log_probabilities.gather(-1, gold.clamp_min(0).unsqueeze(-1)).squeeze(-1);  // [N]
  const at::Tensor uniform = -log_probabilities.mean(-1);
  const at::Tensor rows = (nll * (1 - smoothing) + uniform * smoothing).masked_fill(~real, 0);
  TokenLoss loss;
  loss.total = rows.sum();
  loss.nll = nll.detach().masked_fill(~real, 0).sum(at::kDouble);
  loss.correct = (logits.argmax(-1).eq(gold) & real).sum(at::kDouble);
  return loss;
}

}  // namespace

TokenLoss token_loss(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& gold,
                     double smoothing, int64_t pad) {
  if (states.scalar_type() != at::kFloat) return composed(states, weight, gold, smoothing, pad);
  const bool gradient =
      at::GradMode::is_enabled() && (states.requires_grad() || weight.requires_grad());
  FusedResult result;
  {
    at::NoGradGuard no_grad;
    const auto fused = !states.is_cpu()                            ? fused_on_device
                       : matrix_precision() == Precision::bfloat16 ? fused_narrow
                                                                   : fused_float;
    result = fused(states.detach().contiguous(), weight.detach(), gold, smoothing, pad,
                   {gradient, gradient && weight.requires_grad()});
  }
  return {
      gradient ? FusedLoss::apply(states, weight, result) : result.sums[0].to(states.scalar_type()),
      result.sums[1], result.sums[2]};
}

}  // namespace penalmt
