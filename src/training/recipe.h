// A recipe: which parts and which numbers. Only what differs from these defaults stands in the file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/corpus.h"
#include "models/model_folder.h"
#include "tokenizers/sentencepiece.h"

namespace penalmt {

struct TrainingOptions {
  int64_t updates = 8000;
  int64_t batch_tokens = 4096;
  int64_t accumulate = 2;
  double learning_rate = 5e-3;
  int64_t warmup = 2000;
  std::string decay = "inverse_sqrt";
  double initial_learning_rate = 1e-7;
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;
  double label_smoothing = 0.1;
  double bpe_dropout = 0;
  double image_dropout = 0;
  std::string initial_weights = "";
  int64_t tau_warmup = 0;
  std::string precision = "float32";
  int64_t validate_every = 0;
  int64_t patience = 10;
  bool validate_bleu = true;
  int64_t average = 10;
  int64_t seed = 1;

  template <class Visitor>
  void visit(Visitor& v) {
    v("updates", updates, "optimiser steps to take at most", config::between(1, 1e9));
    v("batch_tokens", batch_tokens, "padded tokens of the longer side in one batch", config::between(1, 1e7));
    v("accumulate", accumulate, "batches in one update", config::between(1, 1e4));
    v("learning_rate", learning_rate, "the peak, reached at the end of the warm-up", config::between(0, 10));
    v("warmup", warmup, "updates of linear growth to the peak", config::between(1, 1e9));
    v("decay", decay, "after the warm-up: with the inverse square root of the update, or linear, down to 0 after the last of `updates`",
      config::one_of({"inverse_sqrt", "linear"}));
    v("initial_learning_rate", initial_learning_rate, "where the growth begins", config::between(0, 10));
    v("beta1", beta1, "Adam's decay of the mean gradient", config::between(0, 0.999999));
    v("beta2", beta2, "Adam's decay of the mean square", config::between(0, 0.999999));
    v("epsilon", epsilon, "Adam's floor of the denominator", config::between(1e-16, 1));
    v("weight_decay", weight_decay, "decoupled (AdamW), a step and unit of learning rate", config::between(0, 1));
    v("clip_norm", clip_norm, "largest norm of the gradient; 0: no clipping", config::between(0, 1e9));
    v("label_smoothing", label_smoothing, "probability spread over all pieces", config::between(0, 0.99));
    v("bpe_dropout", bpe_dropout, "probability that a merge of the BPE is left out when an epoch's sentences are cut into pieces; 0: none",
      config::between(0, 0.99));
    v("image_dropout", image_dropout, "probability that a sentence of a batch goes without its picture", config::between(0, 1));
    v("initial_weights", initial_weights,
      "weights to begin with: a run, a checkpoint or a trained image encoder (penalmt classify); what the model has beyond them is drawn",
      config::anything());
    v("tau_warmup", tau_warmup, "updates over which tau grows linearly to its value; 0: at once", config::between(0, 1e9));
    v("precision", precision, "format of matrix products; bfloat16 pays on GPUs and on CPUs with AMX",
      config::one_of({"float32", "bfloat16"}));
    v("validate_every", validate_every, "updates between validations and their checkpoints; 0: every epoch", config::between(0, 1e9));
    v("patience", patience, "validations without a lower validation loss before training stops; 0: never", config::between(0, 1e6));
    v("validate_bleu", validate_bleu, "also translate the validation sentences (greedily) at each validation", config::anything());
    v("average", average, "validated checkpoints that are kept and averaged", config::between(1, 1000));
    v("seed", seed, "of the weights, the batches' order and dropout", config::between(0, 9e15));
  }
};

struct Recipe {
  DataOptions data;
  TokenizerOptions tokenizer;
  ModelOptions model;
  TrainingOptions training;
  DecodingDefaults decoding;

  template <class Visitor>
  void visit(Visitor& v) {
    v.group("data", data, "the corpus");
    v.group("tokenizer", tokenizer, "the pieces that words are cut into; joint unless model.embeddings says otherwise");
    v.group("model", model, "the network");
    v.group("training", training, "how it learns");
    v.group("decoding", decoding, "how it translates");
  }

  // One vocabulary for both languages: wherever the embeddings are shared.
  bool joint_vocabulary() const { return model.embeddings == "shared"; }
};

// Reads a recipe file, applies `--set` assignments in their order, fills in the sizes and checks everything; throws one Error
// with every problem, before any data is read.
Recipe load_recipe(const std::filesystem::path& path, const std::vector<std::string>& assignments);

}  // namespace penalmt
