// What every training run shares: updates, validation, checkpoints, early stopping, averaging;
// interruptible and resumable.
#pragma once

#include <optional>

#include "base/error.h"
#include "base/progress.h"
#include "evaluation/chain_statistics.h"
#include "tensors/precision.h"
#include "training/checkpoint.h"
#include "training/learning_options.h"
#include "training/line_log.h"
#include "training/process_group.h"
#include "training/tensorboard.h"

namespace penalmt {

// Losses, summed over what they are losses of: `count` target tokens or images.
struct LossSums {
  int64_t count = 0;
  // Of each batch, scalars that stay on the device until the update is done: a GPU is waited for
  // once an update.
  std::vector<at::Tensor> losses;  // as it is trained on
  std::vector<at::Tensor> nlls;    // without label smoothing

  void add(int64_t more, const at::Tensor& loss, const at::Tensor& nll);
};

struct Validation {
  double nll = 0;       // unsmoothed, of a token or image
  double accuracy = 0;  // share of them whose likeliest piece or class is right
  std::optional<double> bleu = std::nullopt;  // of greedy translations, where asked for
};

// What is counted, in the words of metrics.jsonl: "target_tokens" in all, each a "token".
struct Counted {
  std::string all, each;
};

// A model and the examples it learns from. validate() may throw Interrupted: the validation is then
// left to the resumed run.
class LearningTask {
 public:
  virtual ~LearningTask() = default;
  virtual torch::nn::Module& module() = 0;
  virtual nlohmann::ordered_json description() const = 0;  // model.json of what is saved
  virtual nlohmann::ordered_json recipe() const = 0;       // all of its values
  virtual Counted counted() const = 0;
  // What the learning rate of a parameter is multiplied by.
  virtual double rate_factor(const std::string& parameter) const { return 1; }
  // Puts the batches of an epoch (from 1) into its order. Returns how many there are, at least one.
  virtual int64_t start_epoch(int64_t epoch) = 0;
  // Adds the gradients of the summed losses of these batches of the epoch; `update` is the number
  // of updates before, tau is to be multiplied by `tau_scale`.
  virtual LossSums add_gradients(const std::vector<int64_t>& batches, int64_t update,
                                 double tau_scale) = 0;
  virtual Validation validate() = 0;
  // The chains of the model on a few validation examples, the same each time.
  virtual std::vector<ChainStatistics> measure_chain() = 0;
  // How far the gates of the model's fusion are open on a few validation examples, 0 to 1; nullopt
  // where it has none. Leaves the model in evaluation mode.
  virtual std::optional<double> mean_gate() { return std::nullopt; }
};

Precision precision(const LearningOptions& options);  // float32 where `auto` was left unsettled

// A signal ended the training. What was done is saved as a checkpoint, where there was an update.
class TrainingInterrupted : public Interrupted {
 public:
  explicit TrainingInterrupted(int64_t update) : update_(update) {}
  int64_t update() const { return update_; }  // the last one; 0 before the first

 private:
  int64_t update_;
};

class TrainingLoop {
 public:
  // A new run, or with `resume` the continuation of the newest checkpoint in `run`. `accumulate`:
  // batches in one update, over all processes of `group`: batch i of it is that of rank i modulo
  // their number. Rank 0 alone touches `run`; the others begin where it does. The task and the
  // group must outlive the loop. Throws as expect_undamaged and load_checkpoint.
  TrainingLoop(LearningTask& task, const LearningOptions& options, int64_t accumulate,
               std::filesystem::path run, bool resume, ProcessGroup& group);

  // Trains until the updates are done, patience ends, or a signal asks for an end: then a
  // checkpoint is saved (where there was an update) and TrainingInterrupted thrown. Throws Error
  // where an epoch has fewer batches than there are processes; MachineError where the loss or the
  // gradient is not finite, or training.divergence says that the loss is too high; as write_file
  // where the run folder cannot be written; and what the task and the group throw. Leaves best/ and
  // averaged/ in the run folder: they are brought up to date before a checkpoint says that its
  // validation is done.
  void run();

  // What updates cost.
  struct Timed {
    int64_t updates = 0, count = 0;  // and the tokens or images in them
    double seconds = 0;
  };
  // Takes updates from the beginning of the first epoch on, after one on `largest`, a batch of it,
  // that is not timed; until the epoch or the time ends, one at least. In the place of run(), by
  // one process: nothing is written. Throws as run(), and Interrupted.
  Timed try_updates(int64_t largest, double seconds);

  const TrainingState& state() const { return state_; }

 private:
  void open_logs();
  void share_start();  // all begin as rank 0 does
  void start_epoch();
  bool validation_due() const;
  bool finished() const;  // the last validation found the updates done or the patience ended
  // Of one update, a token or image.
  struct Progressed {
    double loss = 0, nll = 0, gradient_norm = 0;
    int64_t count = 0;
    double seconds = 0;
  };
  Progressed update(int64_t first, int64_t last);
  void expect_no_divergence(double nll);  // of the update
  void write_log(const Progressed& update);
  void finish_validation();
  void write_checkpoint(const Validation& validation, bool best);
  void publish(const std::filesystem::path& checkpoint, bool best);
  // Makes best/ and averaged/ as the checkpoint knows them, where they are missing or the run goes
  // back behind what it had done.
  void restore_published();
  // Of the checkpoints that are averaged, none is damaged; forgets those that somebody removed.
  void expect_averaged();
  void choose_whole();               // of the validated checkpoints, after another
  int64_t epoch_of_metrics() const;  // the last one that updates were made in
  void save_and_leave();
  void write_chain();
  std::string last_checkpoint() const;    // "; the last checkpoint is ..."; "" where there is none
  std::string before_divergence() const;  // the same of the last one that was good
  // Of the moving average of the weights, saved as ema/; nullopt where none is kept.
  std::optional<Validation> validate_average();
  void write_metrics(const Validation& validation, const std::optional<Validation>& average);
  void show(Progress& progress);

  LearningTask& task_;
  LearningOptions options_;
  int64_t accumulate_;
  std::filesystem::path run_;
  ProcessGroup& group_;
  Adam adam_;
  TrainingState state_;
  int64_t epoch_batches_ = 0;
  std::optional<LineLog> metrics_, chain_, log_;  // rank 0's, as the next
  std::optional<EventWriter> events_;
};

}  // namespace penalmt
