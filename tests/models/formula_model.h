// Small models whose weights are given by a formula, so that every machine has the same ones.
#pragma once

#include <cmath>
#include <string>

#include <torch/torch.h>

#include "models/translation_model.h"

namespace penalmt {

struct FormulaModelOptions {
  std::string norm = "post", activation = "relu", positions = "sinusoidal", fusion = "none",
              branch_scale = "none";
  int64_t width = 32, heads = 4, layers = 2, vocabulary = 23, longest = 64;
  bool scale_embeddings = true, output_bias = false;
};

inline ModelOptions formula_model_options(const FormulaModelOptions& wanted) {
  ModelOptions options;
  options.width = wanted.width;
  options.feed_forward = 2 * wanted.width;
  options.heads = wanted.heads;
  options.encoder_layers = options.decoder_layers = wanted.layers;
  options.norm = wanted.norm;
  options.activation = wanted.activation;
  options.positions = wanted.positions;
  options.longest = wanted.longest;
  options.fusion = wanted.fusion;
  options.branch_scale = wanted.branch_scale;
  options.scale_embeddings = wanted.scale_embeddings;
  options.output_bias = wanted.output_bias;
  options.image_encoder.size = 16;
  options.image_encoder.width = 16;
  options.image_encoder.feed_forward = 32;
  options.image_encoder.layers = 1;
  config::Problems problems("test");
  options = options.resolved(problems);
  problems.throw_if_any();
  return options;
}

// Sets every weight to a cosine of its name and place, of a size at which nothing saturates.
inline void fill_by_formula(torch::nn::Module& module) {
  torch::NoGradGuard guard;
  int64_t order = 0;
  for (auto& item : module.named_parameters()) {
    const double shift = static_cast<double>(++order);
    const at::Tensor place = at::arange(item.value().numel(), at::kDouble);
    const at::Tensor wave = ((place + shift) * (place + shift) * 0.0137 + shift).cos();
    const bool is_gain =
        item.key().ends_with("norm.weight") || item.key().ends_with("connection.scale");
    const double scale =
        item.value().dim() == 2 ? 1.5 / std::sqrt(static_cast<double>(item.value().size(1))) : 0.2;
    item.value().copy_((wave * scale + (is_gain ? 1.0 : 0.0)).view_as(item.value()));
  }
}

inline TranslationModel formula_model(const FormulaModelOptions& wanted) {
  TranslationModel model(formula_model_options(wanted), wanted.vocabulary, wanted.vocabulary);
  fill_by_formula(*model);
  model->eval();
  return model;
}

}  // namespace penalmt
