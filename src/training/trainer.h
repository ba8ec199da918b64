// The training loop: updates, validation, checkpoints, early stopping, averaging; interruptible and resumable.
#pragma once

#include <c10/core/Device.h>

#include <fstream>

#include "base/progress.h"
#include "training/checkpoint.h"
#include "training/tensorboard.h"
#include "training/training_data.h"

namespace penalmt {

struct Validation {
  double nll = 0;       // unsmoothed, a token
  double accuracy = 0;  // share of tokens whose likeliest piece is right
  double bleu = -1;     // of greedy translations; -1: not asked for
};

class Trainer {
 public:
  // A new run, or with `resume` the continuation of the newest checkpoint in `run`.
  Trainer(const Recipe& recipe, std::filesystem::path run, const Tokenizers& tokenizers, Split train, Split valid,
          c10::Device device, bool resume);

  // Trains until the updates are done, patience ends, or a signal asks for an end: then a checkpoint is saved and
  // Interrupted thrown. Leaves best/ and averaged/ in the run folder.
  void run();

  const TrainingState& state() const { return state_; }
  TranslationModel& model() { return model_; }

 private:
  void start_epoch();
  bool validation_due() const;
  bool finished() const;  // the last validation found the updates done or the patience ended
  void update(const std::vector<std::vector<int64_t>>& batches);
  double learning_rate() const;  // of the update last begun
  Validation validate();
  double validation_bleu();  // of greedy translations
  void finish_validation();
  void checkpoint();
  void write_metrics(const Validation& validation);
  void show(Progress& progress);
  Batch training_batch(const std::vector<int64_t>& which) const;  // some without their picture: training.image_dropout

  Recipe recipe_;
  std::filesystem::path run_;
  Tokenizers tokenizers_;
  Split train_, valid_;
  c10::Device device_;
  ModelDescription description_;
  TranslationModel model_;
  Adam adam_;
  TrainingState state_;
  std::vector<std::vector<int64_t>> epoch_batches_;
  std::ofstream metrics_;
  std::optional<EventWriter> events_;
};

}  // namespace penalmt
