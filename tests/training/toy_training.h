// A toy to train on: two dozen sentences of one-letter words, and a recipe for a model that learns
// them.
#pragma once

#include <string>
#include <vector>

#include "training/training_data.h"

namespace penalmt {

inline Recipe tiny_recipe() {
  Recipe recipe;
  recipe.model.width = 32, recipe.model.feed_forward = 64, recipe.model.heads = 4;
  recipe.model.encoder_layers = recipe.model.decoder_layers = 1;
  recipe.model.dropout = 0.1;
  recipe.tokenizer.vocabulary = 60, recipe.tokenizer.exact_vocabulary = false;
  recipe.training.batch_tokens = 40, recipe.training.accumulate = 1, recipe.training.updates = 20,
  recipe.training.warmup = 10;
  recipe.training.learning_rate = 5e-3, recipe.training.patience = 0, recipe.training.average = 3,
  recipe.training.validate_bleu = false;
  config::Problems problems("test");
  recipe.model = recipe.model.resolved(problems);
  problems.throw_if_any();
  return recipe;
}

inline DataSplit toy_split() {
  DataSplit split;
  const std::vector<std::string> source = {"a", "b", "c", "d", "e", "f"},
                                 target = {"u", "v", "w", "x", "y", "z"};
  for (int i = 0; i < 24; ++i) {
    std::string from, to;
    for (int j = 0; j <= i % 4 + 1; ++j) {
      from += (j ? " " : "") + source[(i + j * (i % 5)) % 6];
      to += (j ? " " : "") + target[(i + j * (i % 5)) % 6];
    }
    split.text.source.push_back(from);
    split.text.target.push_back(to);
  }
  return split;
}

}  // namespace penalmt
