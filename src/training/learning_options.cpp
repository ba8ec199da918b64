#include "training/learning_options.h"

#include <fmt/format.h>

namespace penalmt {

void LearningOptions::check(config::Problems& problems) const {
  if (initial_learning_rate > learning_rate)
    problems.add("training.initial_learning_rate",
                 fmt::format("got {}, expected at most learning_rate {}", initial_learning_rate,
                             learning_rate));
  if (decay == "linear" && warmup >= updates)
    problems.add("training.warmup",
                 fmt::format("got {} with linear decay, expected less than training.updates {}",
                             warmup, updates));
}

}  // namespace penalmt
