// Complete, atomic checkpoints: a run that is continued from one takes the same next steps, to the
// bit, as one never stopped.
//
//   model.safetensors, model.json   the weights (models/model_folder.h)
//   optimiser.safetensors           Adam's means, steps, and the average of the weights
//   state.json                      the TrainingState
//   SHA256SUMS                      of these but model.json, which may be edited; as sha256sum
//   writes
//                                   it. Checkpoints of earlier programs have none
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/files.h"
#include "models/model_folder.h"
#include "training/optimiser.h"

namespace penalmt {

// Everything of a run but weights and optimiser. Dropout is drawn from counters and the batches'
// order from (seed, epoch), so these numbers are all its randomness.
struct TrainingState {
  int64_t update = 0;         // optimiser steps taken
  int64_t epoch = 1;          // the present one
  int64_t next_batch = 0;     // of the epoch
  int64_t target_tokens = 0;  // or images, where those are classified: seen so far
  double seconds = 0;         // spent so far
  double best_nll = 1e300;    // lowest validation loss a token
  int64_t best_update = 0;
  int64_t validations_since_best = 0;
  int64_t validated_update = 0;  // the last update whose validation is done
  // Sums since the last line of metrics.jsonl.
  double loss_sum = 0, nll_sum = 0, interval_seconds = 0;
  int64_t interval_tokens = 0;
  int64_t metrics_lines = 0;  // lines of metrics.jsonl that belong to this state
  int64_t chain_lines = 0;    // and of chain.jsonl
  int64_t log_lines = 0;      // and of training.jsonl
  // What tells a divergence: the mean nll of some 20 updates, 0 before the first, and its lowest.
  double recent_nll = 0, lowest_recent_nll = 1e300;

  std::vector<std::string>
      kept;  // names of the validated checkpoints, oldest first: those that are averaged
  std::vector<std::string> whole;  // and of those that can be continued from

  template <class Visitor>
  void visit(Visitor& v) {
    const config::Allowed any = config::anything();
    v("update", update, "", any);
    v("epoch", epoch, "", any);
    v("next_batch", next_batch, "", any);
    v("target_tokens", target_tokens, "", any);
    v("seconds", seconds, "", any);
    v("best_nll", best_nll, "", any);
    v("best_update", best_update, "", any);
    v("validations_since_best", validations_since_best, "", any);
    v("validated_update", validated_update, "", any);
    v("loss_sum", loss_sum, "", any);
    v("nll_sum", nll_sum, "", any);
    v("interval_seconds", interval_seconds, "", any);
    v("interval_tokens", interval_tokens, "", any);
    v("metrics_lines", metrics_lines, "", any);
    v("chain_lines", chain_lines, "", any);
    v("log_lines", log_lines, "", any);
    v("recent_nll", recent_nll, "", any);
    v("lowest_recent_nll", lowest_recent_nll, "", any);
    v("kept", kept, "", any);
    v("whole", whole, "", any);
  }
};

// RUN/checkpoints/<update>/.
std::filesystem::path checkpoint_folder(const std::filesystem::path& run, int64_t update);

// A checkpoint that is written, and appears with publish(): what it says is done can be done in
// between. An unpublished one leaves nothing. The constructor and publish() fail as write_file does
// (base/files.h).
class NewCheckpoint {
 public:
  NewCheckpoint(const std::filesystem::path& run, const torch::nn::Module& module, const Adam& adam,
                const TrainingState& state, const nlohmann::ordered_json& description);
  const std::filesystem::path& path() const { return folder_.path(); }  // before publish()
  void publish();  // and tidies up, as tidy_checkpoints

 private:
  std::filesystem::path run_;
  TrainingState state_;
  AtomicFolder folder_;
};

// Checkpoints older than the one of `state` and not among `state.whole` lose their optimiser state,
// and those that are not among `state.kept` are removed. Throws as throw_file_error (base/files.h)
// where one cannot be removed.
void tidy_checkpoints(const std::filesystem::path& run, const TrainingState& state);

// Those of the run that can be continued from, the newest first.
std::vector<std::filesystem::path> complete_checkpoints(const std::filesystem::path& run);
// The newest of them; nullopt where there is none.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& run);

// Throws Error where a file of the checkpoint in `run` that can be continued from is not what was
// written, and says what can be done; and as read_file.
void expect_undamaged(const std::filesystem::path& run, const std::filesystem::path& folder);
// The same of the weights alone.
void expect_undamaged_weights(const std::filesystem::path& folder);

// Puts the weights into `module`, the optimiser's state into `adam`. Throws as load_weights
// (models/model_folder.h) and config::load, and Error where the optimiser's state is another
// model's.
TrainingState load_checkpoint(const std::filesystem::path& folder, torch::nn::Module& module,
                              Adam& adam);

// What state.json of a checkpoint holds. Throws as config::load.
TrainingState read_state(const std::filesystem::path& folder);

}  // namespace penalmt
