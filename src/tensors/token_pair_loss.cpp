#include "tensors/token_pair_loss.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "tensors/device_program.h"
#include "tensors/loss_rows.h"
#include "tensors/precision.h"
#include "tensors/private_aten_operators.h"
#include "tensors/row_kernels.h"
#include "tensors/row_parts.h"

namespace penalmt {
namespace {

struct RowOptions {
  float smoothing, first, second, first_to_second, second_to_first;
};

struct RowPair {
  double total, nll;
  bool correct;
};

// The loss of one token's two rows of logits, which become their own gradients. With P and Q the
// two distributions, d = log P - log Q, KL(P || Q) = sum P d:
//
//   dKL(P || Q) / d first = P (d - KL(P || Q))     dKL(P || Q) / d second = Q - P
Divergences divergences_of(const LogitPair<float>& pair) { return row_kernels().divergences(pair); }
Divergences divergences_of(const LogitPair<uint16_t>& pair) {
  return row_kernels().narrow_divergences(pair);
}
void turn_into_gradients(const LogitPair<float>& pair, const PairGradient& gradient) {
  row_kernels().pair_gradients(pair, gradient);
}
void turn_into_gradients(const LogitPair<uint16_t>& pair, const PairGradient& gradient) {
  row_kernels().narrow_pair_gradients(pair, gradient);
}

// exponentials: [2, vocabulary] of scratch.
template <class Scalar>
RowPair pair_of_rows(Scalar* first, Scalar* second, int64_t vocabulary, int64_t gold,
                     const RowOptions& options, float* exponentials) {
  const LogitSums of_first = exponentials_of(first, vocabulary, exponentials),
                  of_second = exponentials_of(second, vocabulary, exponentials + vocabulary);
  const float log_first = std::log(of_first.mass), log_second = std::log(of_second.mass);
  const LogitPair<Scalar> pair = {.first = first,
                                  .second = second,
                                  .first_exponentials = exponentials,
                                  .second_exponentials = exponentials + vocabulary,
                                  .first_factor = 1.0f / of_first.mass,
                                  .second_factor = 1.0f / of_second.mass,
                                  .first_log_mass = of_first.highest + log_first,
                                  .second_log_mass = of_second.highest + log_second,
                                  .n = vocabulary};
  const Divergences divergences = divergences_of(pair);
  const float gold_first = widen(first[gold]) - pair.first_log_mass,
              gold_second = widen(second[gold]) - pair.second_log_mass;
  const bool correct = widen(first[gold]) == of_first.highest;
  const float base = options.smoothing / static_cast<float>(vocabulary),
              at_gold = 1.0f - options.smoothing;
  const auto cross_entropy = [&](float log_gold, const LogitSums& sums, float log_mass) {
    const double sum = sums.sum - static_cast<double>(vocabulary) * log_mass;  // of log P
    return -static_cast<double>(at_gold) * log_gold - static_cast<double>(base) * sum;
  };
  const double total = options.first * cross_entropy(gold_first, of_first, log_first) +
                       options.second * cross_entropy(gold_second, of_second, log_second) +
                       options.first_to_second * static_cast<double>(divergences.forward) +
                       options.second_to_first * static_cast<double>(divergences.backward);
  const float p = pair.first_exponentials[gold] * pair.first_factor,
              q = pair.second_exponentials[gold] * pair.second_factor, d = gold_first - gold_second;
  turn_into_gradients(pair, {.target = base,
                             .first = options.first,
                             .second = options.second,
                             .forward = options.first_to_second,
                             .backward = options.second_to_first,
                             .of_rows = divergences});
  // Those at the gold token again, where the target is larger.
  narrow(options.first * (p - base - at_gold) +
             options.first_to_second * p * (d - divergences.forward) +
             options.second_to_first * (p - q),
         first[gold]);
  narrow(options.second * (q - base - at_gold) + options.first_to_second * (q - p) -
             options.second_to_first * q * (d + divergences.backward),
         second[gold]);
  const double share = options.first / (options.first + options.second);
  return {total, -share * gold_first - (1 - share) * gold_second, correct};
}

struct PairSums {
  double total = 0, nll = 0, correct = 0;
};

struct PairResult {
  at::Tensor sums;  // [3] float64 on the device of the states: the loss, not smoothed, correct
  at::Tensor gradient_first, gradient_second, gradient_weight;
};

// Two slices of logits [n, V] become their gradients (zero rows where there is no token); the
// losses are added up in the rows' order.
template <class Scalar>
struct PairSlice {
  Scalar *first, *second;  // [rows, vocabulary]
  const int64_t* gold;     // [rows]
  int64_t rows, vocabulary;
};
template <class Scalar>
void slice_pair(const PairSlice<Scalar>& slice, int64_t pad, const RowOptions& options,
                PairSums& sums) {
  const auto [first, second, gold, rows, vocabulary] = slice;
  std::vector<RowPair> losses(rows);
  at::parallel_for(0, rows, 8, [&](int64_t begin, int64_t end) {
    std::vector<float> exponentials(2 * vocabulary);
    for (int64_t row = begin; row < end; ++row) {
      Scalar *a = first + row * vocabulary, *b = second + row * vocabulary;
      if (gold[row] == pad) {
        std::fill_n(a, vocabulary, Scalar(0));
        std::fill_n(b, vocabulary, Scalar(0));
      } else {
        losses[row] = pair_of_rows(a, b, vocabulary, gold[row], options, exponentials.data());
      }
    }
  });
  for (int64_t row = 0; row < rows; ++row) {
    if (gold[row] == pad) continue;
    sums.total += losses[row].total;
    sums.nll += losses[row].nll;
    sums.correct += losses[row].correct;
  }
}

struct PairRules {
  double smoothing;
  PairWeights weights;
  int64_t pad;
};

// The same with LibTorch's operators, for float64. Returns the two gradients.
std::pair<at::Tensor, at::Tensor> slice_pair(const at::Tensor& first, const at::Tensor& second,
                                             const at::Tensor& right, const PairRules& rules,
                                             PairResult& result) {
  const auto& [smoothing, weights, pad] = rules;
  const auto type = first.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const at::Tensor p = at::log_softmax(first, -1, type), q = at::log_softmax(second, -1, type);
  const at::Tensor real = right.ne(pad), gold = right.clamp_min(0);
  const at::Tensor mask = real.unsqueeze(-1).to(type);
  const at::Tensor of_p = p.exp(), of_q = q.exp(), difference = p - q;
  const at::Tensor forward = (of_p * difference).sum(-1, true),
                   backward = -(of_q * difference).sum(-1, true);
  at::Tensor target = at::full_like(p, smoothing / static_cast<double>(p.size(-1)));
  target.scatter_add_(-1, gold.unsqueeze(-1), at::full_like(forward, 1 - smoothing));
  const auto summed = [&](const at::Tensor& rows) {
    return rows.masked_fill(~real, 0).sum(at::kDouble);
  };
  const auto of_gold = [&](const at::Tensor& logs) {
    return -logs.gather(-1, gold.unsqueeze(-1)).squeeze(-1);
  };
  const double share = weights.first / (weights.first + weights.second);
  const at::Tensor sums = at::stack({weights.first * summed(-(target * p).sum(-1)) +
                                         weights.second * summed(-(target * q).sum(-1)) +
                                         weights.first_to_second * summed(forward.squeeze(-1)) +
                                         weights.second_to_first * summed(backward.squeeze(-1)),
                                     share * summed(of_gold(p)) + (1 - share) * summed(of_gold(q)),
                                     (first.argmax(-1).eq(gold) & real).sum(at::kDouble)});
  result.sums = result.sums.defined() ? result.sums + sums : sums;
  const at::Tensor at_first = weights.first * (of_p - target) +
                              weights.first_to_second * of_p * (difference - forward) +
                              weights.second_to_first * (of_p - of_q);
  const at::Tensor at_second = weights.second * (of_q - target) +
                               weights.first_to_second * (of_q - of_p) -
                               weights.second_to_first * of_q * (difference + backward);
  return {(at_first * mask).to(first.scalar_type()), (at_second * mask).to(first.scalar_type())};
}

at::Tensor logits_of(const at::Tensor& slice, const at::Tensor& weight) {
  if (slice.is_cpu() && slice.scalar_type() == at::kFloat && onednn_is_faster(slice))
    return onednn_linear(slice, weight, {});
  return at::linear(slice, weight);
}

PairResult fused(const at::Tensor& first, const at::Tensor& second, const at::Tensor& weight,
                 const at::Tensor& gold, const PairRules& rules) {
  const auto& [smoothing, weights, pad] = rules;
  const bool kernels = first.scalar_type() == at::kFloat;
  const bool on_device = !first.is_cpu();
  const bool narrow = kernels && matrix_precision() == Precision::bfloat16;
  const auto type = narrow ? at::kBFloat16 : first.scalar_type();
  const at::Tensor of_first = first.to(type), of_second = second.to(type),
                   of_weight = weight.to(type);
  const RowOptions options{static_cast<float>(smoothing), static_cast<float>(weights.first),
                           static_cast<float>(weights.second),
                           static_cast<float>(weights.first_to_second),
                           static_cast<float>(weights.second_to_first)};
  PairResult result{.gradient_first = at::empty_like(first),
                    .gradient_second = at::empty_like(second),
                    .gradient_weight = at::zeros_like(weight)};
  PairSums sums;
  const int64_t rows = first.size(0), vocabulary = weight.size(0),
                at_once = on_device            ? kDeviceRowsAtOnce
                          : kernels && !narrow ? kRowsAtOnce
                                               : kNarrowRowsAtOnce;
  const at::Tensor losses = on_device ? at::empty({rows, 3}, first.options()) : at::Tensor();
  for (int64_t begin = 0, count; begin < rows; begin += count) {
    count = on_device ? std::min(at_once, rows - begin) : next_slice(rows - begin, at_once);
    const at::Tensor slice_first = of_first.narrow(0, begin, count),
                     slice_second = of_second.narrow(0, begin, count),
                     slice_gold = gold.narrow(0, begin, count);
    at::Tensor a = logits_of(slice_first, of_weight), b = logits_of(slice_second, of_weight);
    if (kernels && on_device) {
      launch_kernel(first.device(), kernel_for("pair_loss", type), a_block_each(count),
                    a.mutable_data_ptr(), b.mutable_data_ptr(), vocabulary,
                    slice_gold.const_data_ptr<int64_t>(), pad, options.smoothing, options.first,
                    options.second, options.first_to_second, options.second_to_first,
                    losses.mutable_data_ptr<float>() + begin * 3);
    } else if (narrow) {
      slice_pair<uint16_t>(
          {reinterpret_cast<uint16_t*>(a.data_ptr()), reinterpret_cast<uint16_t*>(b.data_ptr()),
           slice_gold.const_data_ptr<int64_t>(), count, vocabulary},
          pad, options, sums);
    } else if (kernels) {
      slice_pair<float>({a.mutable_data_ptr<float>(), b.mutable_data_ptr<float>(),
                         slice_gold.const_data_ptr<int64_t>(), count, vocabulary},
                        pad, options, sums);
    } else {
      std::tie(a, b) = slice_pair(a, b, slice_gold, rules, result);
    }
    result.gradient_first.narrow(0, begin, count).copy_(at::mm(a, of_weight));
    result.gradient_second.narrow(0, begin, count).copy_(at::mm(b, of_weight));
    result.gradient_weight.add_(at::mm(a.t(), slice_first)).add_(at::mm(b.t(), slice_second));
  }
  if (kernels)
    result.sums = on_device ? losses.sum(0, false, at::kDouble)
                            : at::tensor({sums.total, sums.nll, sums.correct}, at::kDouble);
  return result;
}

class FusedPair : public torch::autograd::Function<FusedPair> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& first,
                            const at::Tensor& second, const at::Tensor& weight,
                            const PairResult& result) {
    context->saved_data["first"] = result.gradient_first;
    context->saved_data["second"] = result.gradient_second;
    context->saved_data["weight"] = result.gradient_weight;
    return result.sums[0].to(first.scalar_type());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    torch::autograd::variable_list scaled;
    for (const char* name : {"first", "second", "weight"})
      scaled.push_back(context->saved_data[name].toTensor() * gradients[0]);
    scaled.push_back({});
    context->saved_data.clear();
    return scaled;
  }
};

}  // namespace

TokenLoss token_pair_loss(const PairStates& states, const at::Tensor& weight,
                          const at::Tensor& gold, double smoothing, const PairWeights& weights,
                          int64_t pad) {
  PairResult result;
  {
    at::NoGradGuard no_grad;
    result = fused(states.first.detach().contiguous(), states.second.detach().contiguous(),
                   weight.detach(), gold, {smoothing, weights, pad});
  }
  return {FusedPair::apply(states.first, states.second, weight, result), result.sums[1],
          result.sums[2]};
}

}  // namespace penalmt
