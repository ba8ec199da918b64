#include "tensors/residual_norm.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensors/device_program.h"
#include "tensors/dropout_bits.h"
#include "tensors/loss_rows.h"

namespace penalmt {
namespace {

constexpr int64_t kPartials = 32;  // partial sums of the weight's gradient: a fixed number, so that
                                   // threads do not change the result

struct Shape {
  int64_t rows, channels;
};

Shape shape_of(const at::Tensor& x) { return {x.numel() / x.size(-1), x.size(-1)}; }

// The arguments of the forward kernel but for the branch: as residual_norm's.
struct ForwardTask {
  const float *x, *weight, *bias;
  float epsilon;
  const int64_t* counters;
  uint64_t site;
  uint32_t threshold;
  float scale;
  float *y, *sum, *mean, *rstd;
  int64_t channels;
};

// The rows begin ... end - 1. The branch is float32, or bfloat16 as products in that precision
// leave it. factors: [channels] of scratch. The task is a copy: its numbers stay in registers while
// rows are written.
template <class Scalar>
__attribute__((always_inline)) inline void forward_rows_of(const ForwardTask task,
                                                           const Scalar* branch, float* factors,
                                                           int64_t begin, int64_t end) {
  const auto [x, weight, bias, epsilon, counters, site, threshold, scale, y, sum, mean_out,
              rstd_out, channels] = task;
  for (int64_t row = begin; row < end; ++row) {
    const float* __restrict in = x + row * channels;
    const Scalar* __restrict add = branch + row * channels;
    float* __restrict h = sum + row * channels;
    float* __restrict out = y + row * channels;
    float total = 0;
    if (threshold) {
      fill_factors(factors, channels, row_key(counters[row], site), threshold, scale);
#pragma omp simd reduction(+ : total)
      for (int64_t c = 0; c < channels; ++c) {
        h[c] = in[c] + widen(add[c]) * factors[c];
        total += h[c];
      }
    } else {
#pragma omp simd reduction(+ : total)
      for (int64_t c = 0; c < channels; ++c) {
        h[c] = in[c] + widen(add[c]);
        total += h[c];
      }
    }
    const float mean = total / static_cast<float>(channels);
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < channels; ++c) squares += (h[c] - mean) * (h[c] - mean);
    const float rstd = 1.0f / std::sqrt(squares / static_cast<float>(channels) + epsilon);
    mean_out[row] = mean;
    rstd_out[row] = rstd;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) out[c] = (h[c] - mean) * rstd * weight[c] + bias[c];
  }
}

// Overloads instead of templates: function versions cannot be templates.
PENALMT_CLONES void forward_rows(const ForwardTask& task, const float* branch, float* factors,
                                 int64_t begin, int64_t end) {
  forward_rows_of(task, branch, factors, begin, end);
}
PENALMT_CLONES void forward_rows(const ForwardTask& task, const uint16_t* branch, float* factors,
                                 int64_t begin, int64_t end) {
  forward_rows_of(task, branch, factors, begin, end);
}

// What z is multiplied by where z is penalised. x: [channels].
__attribute__((always_inline)) inline float strength(const PenalTerm& penal, const float* x,
                                                     int64_t channels) {
  const float tau = static_cast<float>(penal.tau);
  if (!penal.relative) return tau;
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t c = 0; c < channels; ++c) squares += x[c] * x[c];
  const float width = static_cast<float>(channels);
  return tau * width / std::max(squares, width / 10);
}

// The arguments of the backward kernel but for the branch: as residual_norm_backward's.
struct BackwardTask {
  const float *gradient, *x, *sum, *means, *rstds, *weight;
  const int64_t* counters;
  uint64_t site;
  uint32_t threshold;
  float scale;
  const bool* real;
  PenalTerm penal;
  float *gradient_x, *gradient_weight, *gradient_bias;
  int64_t channels;
};

// gradient_branch: null where it is that at x. Else as forward_rows_of.
template <class Scalar>
__attribute__((always_inline)) inline void backward_rows_of(const BackwardTask task,
                                                            Scalar* gradient_branch, float* factors,
                                                            int64_t begin, int64_t end) {
  const auto [gradient, x, sum, means, rstds, weight, counters, site, threshold, scale, real, penal,
              gradient_x, gradient_weight, gradient_bias, channels] = task;
  for (int64_t row = begin; row < end; ++row) {
    const float* __restrict g = gradient + row * channels;
    const float* __restrict h = sum + row * channels;
    float* __restrict gx = gradient_x + row * channels;
    const float mean = means[row], rstd = rstds[row];
    float total = 0, dot = 0;
#pragma omp simd reduction(+ : total, dot)
    for (int64_t c = 0; c < channels; ++c) {
      const float normalised = (h[c] - mean) * rstd;
      const float scaled = g[c] * weight[c];
      total += scaled;
      dot += scaled * normalised;
      gradient_weight[c] += g[c] * normalised;
      gradient_bias[c] += g[c];
    }
    const float a = total / static_cast<float>(channels), b = dot / static_cast<float>(channels);
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c)
      gx[c] = rstd * (g[c] * weight[c] - a - (h[c] - mean) * rstd * b);
    if (!gradient_branch) continue;

    Scalar* __restrict gb = gradient_branch + row * channels;
    if (threshold) {
      fill_factors(factors, channels, row_key(counters[row], site), threshold, scale);
    } else {
      for (int64_t c = 0; c < channels; ++c) factors[c] = 1;
    }
    if (penal.tau != 0 && (!real || real[row])) {
      const float* __restrict in = x + row * channels;
      const float tau = strength(penal, in, channels);
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c)
        narrow((gx[c] + tau * (h[c] - in[c])) * factors[c], gb[c]);
    } else {
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) narrow(gx[c] * factors[c], gb[c]);
    }
  }
}

PENALMT_CLONES void backward_rows(const BackwardTask& task, float* gradient_branch, float* factors,
                                  int64_t begin, int64_t end) {
  backward_rows_of(task, gradient_branch, factors, begin, end);
}
PENALMT_CLONES void backward_rows(const BackwardTask& task, uint16_t* gradient_branch,
                                  float* factors, int64_t begin, int64_t end) {
  backward_rows_of(task, gradient_branch, factors, begin, end);
}

// use(numbers) with a float32 or bfloat16 tensor's memory; null where it is undefined.
template <class Use>
void with_branch_numbers(const at::Tensor& x, const Use& use) {
  if (!x.defined())
    use(static_cast<float*>(nullptr));
  else if (x.scalar_type() == at::kBFloat16)
    use(static_cast<uint16_t*>(x.data_ptr()));
  else
    use(static_cast<float*>(x.data_ptr()));
}

const int64_t* counters_of(const BranchDropout& dropout) {
  return dropout.site.threshold() ? dropout.counters.const_data_ptr<int64_t>() : nullptr;
}

const bool* real_of(const at::Tensor& real) {
  return real.defined() ? real.const_data_ptr<bool>() : nullptr;
}

// The two kernels of a GPU (device_kernels.cu).
void device_forward(const at::Tensor& x, const at::Tensor& branch, const NormWeights& norm,
                    const BranchDropout& dropout, ResidualNormResult& result) {
  const auto [rows, channels] = shape_of(x);
  launch_kernel(
      x.device(), kernel_for("residual_norm", branch.scalar_type()), a_warp_each(rows),
      x.const_data_ptr<float>(), branch.const_data_ptr(), norm.weight.const_data_ptr<float>(),
      norm.bias.const_data_ptr<float>(), static_cast<float>(norm.epsilon), counters_of(dropout),
      mix64(dropout.site.site), dropout.site.threshold(), static_cast<float>(dropout.site.scale()),
      result.y.mutable_data_ptr<float>(), result.sum.mutable_data_ptr<float>(),
      result.mean.mutable_data_ptr<float>(), result.rstd.mutable_data_ptr<float>(), rows, channels);
}

void device_backward(const at::Tensor& gradient, const ResidualNormPass& pass,
                     ResidualNormGradients& result) {
  const auto& [x, kept, weight, dropout, real, penal, branch_type] = pass;
  const auto [rows, channels] = shape_of(gradient);
  at::Tensor weighted = at::empty({rows, channels}, gradient.options());
  const auto type = result.branch.defined() ? result.branch.scalar_type() : at::kFloat;
  launch_kernel(
      gradient.device(), kernel_for("residual_norm_backward", type), a_warp_each(rows),
      gradient.const_data_ptr<float>(), penal.tau != 0 ? x.const_data_ptr<float>() : nullptr,
      kept.sum.const_data_ptr<float>(), kept.mean.const_data_ptr<float>(),
      kept.rstd.const_data_ptr<float>(), weight.const_data_ptr<float>(), counters_of(dropout),
      mix64(dropout.site.site), dropout.site.threshold(), static_cast<float>(dropout.site.scale()),
      real_of(real), static_cast<float>(penal.tau), static_cast<int>(penal.relative),
      result.x.mutable_data_ptr<float>(),
      result.branch.defined() ? result.branch.mutable_data_ptr() : nullptr,
      weighted.mutable_data_ptr<float>(), rows, channels);
  const at::Tensor sums = device_column_sums(weighted, gradient);
  result.weight = sums[0];
  result.bias = sums[1];
}

}  // namespace

ResidualNormResult residual_norm(const at::Tensor& x, const at::Tensor& branch,
                                 const NormWeights& norm, const BranchDropout& dropout) {
  const auto [rows, channels] = shape_of(x);
  ResidualNormResult result{at::empty_like(x), at::empty_like(x), at::empty({rows}, x.options()),
                            at::empty({rows}, x.options())};
  if (!x.is_cpu()) {
    device_forward(x, branch, norm, dropout, result);
    return result;
  }
  const ForwardTask task{x.const_data_ptr<float>(),
                         norm.weight.const_data_ptr<float>(),
                         norm.bias.const_data_ptr<float>(),
                         static_cast<float>(norm.epsilon),
                         counters_of(dropout),
                         dropout.site.site,
                         dropout.site.threshold(),
                         static_cast<float>(dropout.site.scale()),
                         result.y.mutable_data_ptr<float>(),
                         result.sum.mutable_data_ptr<float>(),
                         result.mean.mutable_data_ptr<float>(),
                         result.rstd.mutable_data_ptr<float>(),
                         channels};
  at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
    std::vector<float> factors(task.channels);
    with_branch_numbers(branch, [&](const auto* numbers) {
      forward_rows(task, numbers, factors.data(), begin, end);
    });
  });
  return result;
}

ResidualNormGradients residual_norm_backward(const at::Tensor& gradient,
                                             const ResidualNormPass& pass) {
  const auto& [x, kept, weight, dropout, real, penal, branch_type] = pass;
  const auto [rows, channels] = shape_of(gradient);
  ResidualNormGradients result;
  result.x = at::empty_like(gradient);
  const bool apart = dropout.site.threshold() || penal.tau != 0 || branch_type != at::kFloat;
  if (apart) result.branch = at::empty_like(gradient, gradient.options().dtype(branch_type));
  if (!gradient.is_cpu()) {
    device_backward(gradient, pass, result);
    if (!apart) result.branch = result.x;
    return result;
  }
  at::Tensor partial_weight = at::zeros({kPartials, channels}, gradient.options());
  at::Tensor partial_bias = at::zeros({kPartials, channels}, gradient.options());
  const BackwardTask whole{gradient.const_data_ptr<float>(),
                           penal.tau != 0 ? x.const_data_ptr<float>() : nullptr,
                           kept.sum.const_data_ptr<float>(),
                           kept.mean.const_data_ptr<float>(),
                           kept.rstd.const_data_ptr<float>(),
                           weight.const_data_ptr<float>(),
                           counters_of(dropout),
                           dropout.site.site,
                           dropout.site.threshold(),
                           static_cast<float>(dropout.site.scale()),
                           real_of(real),
                           penal,
                           result.x.mutable_data_ptr<float>(),
                           partial_weight.mutable_data_ptr<float>(),
                           partial_bias.mutable_data_ptr<float>(),
                           channels};
  const int64_t slice = (rows + kPartials - 1) / kPartials;
  at::parallel_for(0, kPartials, 1, [&, rows = rows](int64_t first, int64_t last) {
    std::vector<float> factors(whole.channels);
    for (int64_t part = first; part < last; ++part) {
      BackwardTask task = whole;
      task.gradient_weight += part * whole.channels;
      task.gradient_bias += part * whole.channels;
      with_branch_numbers(result.branch, [&](auto* gradient_branch) {
        backward_rows(task, gradient_branch, factors.data(), std::min(part * slice, rows),
                      std::min((part + 1) * slice, rows));
      });
    }
  });
  if (!apart) result.branch = result.x;
  result.weight = partial_weight.sum(0);
  result.bias = partial_bias.sum(0);
  return result;
}

}  // namespace penalmt
