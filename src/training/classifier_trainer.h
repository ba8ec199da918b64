// Training a classifier: its batches, its loss, its validation. The loop itself is training_loop.h.
#pragma once

#include <c10/core/Device.h>

#include <functional>

#include "datasets/images/labelled_images.h"
#include "models/classifier.h"
#include "training/batches_ahead.h"
#include "training/classifier_recipe.h"
#include "training/training_loop.h"

namespace penalmt {

class ClassifierTrainer : private LearningTask {
 public:
  // A new run, or with `resume` the continuation of the newest checkpoint in `run`. Throws as
  // TrainingLoop.
  ClassifierTrainer(const ClassifierRecipe& recipe, std::filesystem::path run,
                    LabelledSplits images, c10::Device device, bool resume);

  // As TrainingLoop::run.
  void run() { loop_.run(); }

  const TrainingState& state() const { return loop_.state(); }

 private:
  torch::nn::Module& module() override { return *model_; }
  nlohmann::ordered_json description() const override;
  nlohmann::ordered_json recipe() const override { return config::write(recipe_); }
  Counted counted() const override { return {"images", "image"}; }
  int64_t start_epoch(int64_t epoch) override;
  LossSums add_gradients(const std::vector<int64_t>& batches, int64_t update,
                         double tau_scale) override;
  Validation validate() override;
  std::vector<ChainStatistics> measure_chain() override;

  struct Images {
    at::Tensor ids, labels, pixels;
  };
  Images images_at(const BatchPlace& place) const;
  int64_t epoch_batches() const {
    return (images_.train.count() + recipe_.training.batch - 1) / recipe_.training.batch;
  }

  ClassifierRecipe recipe_;
  LabelledSplits images_;
  c10::Device device_;
  Classifier model_;
  int64_t epoch_ = 0;
  std::vector<int64_t> order_;  // of the epoch's images
  BatchesAhead<Images> ahead_;  // where the model is not on the CPU
  TrainingLoop loop_;           // last: it asks for the model
};

}  // namespace penalmt
