// Training a translation model: its batches, its loss, its validation. The loop itself is
// training_loop.h.
#pragma once

#include <c10/core/Device.h>

#include "training/batches_ahead.h"
#include "training/training_data.h"
#include "training/training_loop.h"

namespace penalmt {

// An epoch, and what it takes.
struct Rehearsal {
  int64_t parameters = 0;
  double state_bytes = 0;  // of the weights, their gradients and what the optimiser keeps
  int64_t batches = 0, updates = 0, target_tokens = 0;
  double padding = 0;  // share of the batches' places that hold nothing
  TrainingLoop::Timed timed;
};

class Trainer : private LearningTask {
 public:
  // A new run, or with `resume` the continuation of the newest checkpoint in `run`, by all
  // processes of `group`, whose data are the same. Throws as TrainingLoop and, for the weights that
  // training.initial_weights names, as expand_environment (datasets/text/corpus.h), model_folder
  // (translation/model_location.h) and load_matching_weights (models/model_folder.h).
  Trainer(const Recipe& recipe, std::filesystem::path run, TrainingData data, c10::Device device,
          bool resume, ProcessGroup& group = single_process());

  // As TrainingLoop::run.
  void run() { loop_.run(); }

  // In the place of run(): looks at the first epoch and takes some of its updates. Throws as
  // TrainingLoop::try_updates.
  Rehearsal rehearse(double seconds);

  const TrainingState& state() const { return loop_.state(); }
  TranslationModel& model() { return model_; }

 private:
  torch::nn::Module& module() override { return *model_; }
  nlohmann::ordered_json description() const override { return written(description_); }
  nlohmann::ordered_json recipe() const override { return config::write(recipe_); }
  Counted counted() const override { return {"target_tokens", "token"}; }
  double rate_factor(const std::string& parameter) const override {
    return recipe_.training.rates.of(part_of(parameter));
  }
  int64_t start_epoch(int64_t epoch) override;
  struct TokenCosts {
    double source, target;  // of one token
  };
  TokenCosts token_costs() const;
  LossSums add_gradients(const std::vector<int64_t>& batches, int64_t update,
                         double tau_scale) override;
  Validation validate() override;
  std::vector<ChainStatistics> measure_chain() override;
  std::optional<double> mean_gate() override;
  double validation_bleu();  // of greedy translations
  // Has this process's share of a work in common done. Throws Interrupted in all processes where a
  // signal ended it in one.
  template <class Work>
  void in_common(const Work& work);
  // use(which), or where a GPU has not the memory for that, use() of its halves, and theirs. What
  // use() adds to must be the last it does.
  template <class Use>
  void in_memory(const std::vector<int64_t>& which, const Use& use);
  // Of one pass, or of the two of training.r_drop or training.token_cutoff.
  TokenLoss training_loss(const Batch& batch, const ForwardPass& pass);
  Batch training_batch(const std::vector<int64_t>& which,
                       int64_t update) const;  // some without their image: training.image_dropout
  Batch batch_at(const BatchPlace& place) const;

  Recipe recipe_;
  TrainingData data_;
  c10::Device device_;
  ProcessGroup& group_;
  ModelDescription description_;
  TranslationModel model_;
  std::vector<at::Tensor> parameters_;  // those of the model that learn
  std::vector<std::vector<int64_t>> epoch_batches_;
  BatchesAhead<Batch> ahead_;  // where the model is not on the CPU
  bool halved_ = false;        // a batch, for lack of memory
  TrainingLoop loop_;          // last: it asks for the model
};

}  // namespace penalmt
