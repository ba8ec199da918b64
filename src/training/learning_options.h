// What every kind of training is told: how far, how fast, when it validates, what it keeps.
#pragma once

#include <cstdint>
#include <string>

#include "base/config.h"

namespace penalmt {

struct LearningOptions {
  int64_t updates = 8000;
  double learning_rate = 5e-3;
  int64_t warmup = 2000;
  std::string decay = "inverse_sqrt";
  double initial_learning_rate = 1e-7;
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;
  double label_smoothing = 0.1;
  int64_t tau_warmup = 0;
  std::string precision = "auto";
  int64_t validate_every = 0;
  int64_t patience = 10;
  int64_t average = 10;
  int64_t keep_last = 1, keep_every = 0;
  bool keep_best = false;
  int64_t chain_every = 0;
  int64_t log_every = 0;
  double divergence = 5;
  double ema = 0;
  int64_t seed = 1;

  template <class Visitor>
  void visit(Visitor& v) {
    v("updates", updates, "optimiser steps to take at most", config::between(1, 1e9));
    v("learning_rate", learning_rate, "the peak, reached at the end of the warm-up",
      config::between(0, 10));
    v("warmup", warmup, "updates of linear growth to the peak", config::between(1, 1e9));
    v("decay", decay,
      "after the warm-up: with the inverse square root of the update, or linear, down to 0 after "
      "the last of `updates`",
      config::one_of({"inverse_sqrt", "linear"}));
    v("initial_learning_rate", initial_learning_rate, "where the growth begins",
      config::between(0, 10));
    v("beta1", beta1, "Adam's decay of the mean gradient", config::between(0, 0.999999));
    v("beta2", beta2, "Adam's decay of the mean square", config::between(0, 0.999999));
    v("epsilon", epsilon, "Adam's floor of the denominator", config::between(1e-16, 1));
    v("weight_decay", weight_decay, "decoupled (AdamW), a step and unit of learning rate",
      config::between(0, 1));
    v("clip_norm", clip_norm, "largest norm of the gradient; 0: no clipping",
      config::between(0, 1e9));
    v("label_smoothing", label_smoothing, "probability spread over all pieces or classes",
      config::between(0, 0.99));
    v("tau_warmup", tau_warmup, "updates over which tau grows linearly to its value; 0: at once",
      config::between(0, 1e9));
    v("precision", precision,
      "format of matrix products and convolutions; auto: bfloat16 on a CPU that multiplies it "
      "(AMX, "
      "AVX512-BF16), float32 elsewhere; recipe.json of the run says which was taken",
      config::one_of({"auto", "float32", "bfloat16"}));
    v("validate_every", validate_every,
      "updates between validations and their checkpoints; 0: every epoch", config::between(0, 1e9));
    v("patience", patience,
      "validations without a lower validation loss before training stops; 0: never",
      config::between(0, 1e6));
    v("average", average, "validated checkpoints that are kept and averaged",
      config::between(1, 1000));
    v("keep_last", keep_last,
      "validated checkpoints, the newest, that stay whole, so that training can go on from them; "
      "of "
      "the others that are kept only the weights stay",
      config::between(1, 1e6));
    v("keep_best", keep_best, "the one of the lowest validation loss stays whole, too");
    v("keep_every", keep_every, "and those validated after a multiple of so many updates; 0: none",
      config::between(0, 1e9));
    v("chain_every", chain_every,
      "updates between two measures of the chain (penalmt chain) on a few validation examples, "
      "into chain.jsonl and TensorBoard; 0: never",
      config::between(0, 1e9));
    v("log_every", log_every,
      "updates between two lines about training itself (loss, norm of the gradient, learning rate, "
      "speed, memory, how far the fusion's gates are open), into training.jsonl, TensorBoard "
      "(train/...) and, where stderr is no "
      "terminal, there; 0: never",
      config::between(0, 1e9));
    v("divergence", divergence,
      "training stops as diverged where the mean nll of some 20 updates is so much a token or "
      "image "
      "above its lowest so far (5: worse by far than knowing nothing but how frequent the words "
      "are), "
      "and wherever a number is not finite; 0: for that alone",
      config::between(0, 1e9));
    v("ema", ema,
      "decay an update of a moving average of the weights, which is validated, too, and saved as "
      "ema/ (penalmt translate RUN/ema); 0: none",
      config::between(0, 0.999999));
    v("seed", seed, "of the weights, the batches' order and all that is drawn in training",
      config::between(0, 9e15));
  }

  // Problems that concern several fields go to `problems`, as fields of "training".
  void check(config::Problems& problems) const;
};

}  // namespace penalmt
