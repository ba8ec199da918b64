// The recipe of a classifier: which images, which network, how it learns. Only what differs from
// these defaults stands in the file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/images/labelled_images.h"
#include "models/options.h"
#include "training/learning_options.h"

namespace penalmt {

struct ClassifierTrainingOptions : LearningOptions {
  int64_t batch = 128;
  int64_t crop = 4;
  bool flip = true;

  ClassifierTrainingOptions() {
    updates = 4000, warmup = 400, decay = "linear", initial_learning_rate = 0, learning_rate = 1e-2;
    beta2 = 0.99, weight_decay = 0.05, label_smoothing = 0;
    patience = 0, average = 1;
  }

  template <class Visitor>
  void visit(Visitor& v) {
    v("batch", batch, "images of one update", config::between(1, 1e6));
    v("crop", crop,
      "pixels put around an image before a square of its own size is cut out at random; less than "
      "image_encoder.size; "
      "0: none",
      config::between(0, 512));
    v("flip", flip, "also learn from images with left and right exchanged", config::anything());
    LearningOptions::visit(v);
  }
};

struct ClassifierRecipe {
  LabelledImageOptions data;
  ImageEncoderOptions image_encoder;
  double tau = 1e-5;  // more harms (recipes/study)
  double tau_grade = 1;
  std::string penalty = "absolute";
  ClassifierTrainingOptions training;

  template <class Visitor>
  void visit(Visitor& v) {
    v.group("data", data, "the images");
    v.group("image_encoder", image_encoder, "the network");
    v("tau", tau, "penal strength of the network's residuals; 0 is plain addition",
      config::between(0, 1));
    v("tau_grade", tau_grade,
      "factor of tau at the last residual, linear in depth, the mean kept; 1: tau everywhere",
      config::between(0, 2));
    v("penalty", penalty,
      "what tau weighs: ||z||^2 of what a branch adds, or, as a control, ||x||^2 of the sum",
      config::one_of({"absolute", "stream"}));
    v.group("training", training, "how it learns");
  }
};

// As load_recipe (recipe.h). Refuses a translation model's recipe.
ClassifierRecipe load_classifier_recipe(const std::filesystem::path& path,
                                        const std::vector<std::string>& assignments);

}  // namespace penalmt
