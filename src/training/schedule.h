// Numbers that change from update to update.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "training/learning_options.h"

namespace penalmt {

// Linear growth from `initial` to `peak` over `warmup` updates, then peak * sqrt(warmup / update)
// (Vaswani et al., 2017, section 5.3, as fairseq parameterises it). `update` counts from 1.
inline double inverse_square_root(int64_t update, double peak, int64_t warmup, double initial) {
  const double u = static_cast<double>(update), w = static_cast<double>(warmup);
  return update < warmup ? initial + (peak - initial) * u / w : peak * std::sqrt(w / u);
}

// The same growth, then a straight line down to 0 after the last of `updates`. warmup < updates.
inline double linear_decay(int64_t update, double peak, int64_t warmup, double initial,
                           int64_t updates) {
  const double u = static_cast<double>(update), w = static_cast<double>(warmup),
               end = static_cast<double>(updates) + 1;
  return update < warmup ? initial + (peak - initial) * u / w : peak * (end - u) / (end - w);
}

// Of update `update`, from 1, by the schedule that the options choose.
inline double learning_rate(const LearningOptions& options, int64_t update) {
  return options.decay == "linear"
             ? linear_decay(update, options.learning_rate, options.warmup,
                            options.initial_learning_rate, options.updates)
             : inverse_square_root(update, options.learning_rate, options.warmup,
                                   options.initial_learning_rate);
}

// 0 to 1 over `warmup` updates; 1 where there is no warm-up.
inline double linear_growth(int64_t update, int64_t warmup) {
  return warmup == 0 ? 1.0
                     : std::min(1.0, static_cast<double>(update) / static_cast<double>(warmup));
}

}  // namespace penalmt
