// The chains of a model measured on examples (models/chain.h), and how well it does without one of
// its residuals.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "datasets/batches.h"
#include "datasets/images/labelled_images.h"
#include "evaluation/chain_statistics.h"
#include "models/chain.h"

namespace penalmt {

struct MeasuredChains {
  double nll = 0;       // unsmoothed, of a token or image
  int64_t counted = 0;  // target tokens or images
  std::vector<ChainStatistics> chains;
};

// On the model's device and in evaluation mode, in which the model is left. examples: with targets,
// at least one; `images` may be null. Throws Interrupted after Ctrl-C, and as ImageSet::rows
// (datasets/image_set.h).
MeasuredChains measure_chains(TranslationModelImpl& model, const std::vector<Example>& examples,
                              const ImageSet* images);
MeasuredChains measure_chains(ClassifierImpl& model, const LabelledImages& images);

// The nll of a target token, unsmoothed. Conditions as above.
double mean_nll(TranslationModelImpl& model, const std::vector<Example>& examples,
                const ImageSet* images);

// A residual that is left out until this ends.
class RemovedResidual {
 public:
  explicit RemovedResidual(PenalConnectionImpl& connection) : connection_(connection) {
    connection_.remove(true);
  }
  ~RemovedResidual() { connection_.remove(false); }
  RemovedResidual(const RemovedResidual&) = delete;
  RemovedResidual& operator=(const RemovedResidual&) = delete;

 private:
  PenalConnectionImpl& connection_;
};

// Fills in how well the model does without each of its residuals: what `score` says while it is
// left out. `chains`: the model's; `statistics`: of these. Throws Interrupted after Ctrl-C, and
// what `score` throws.
void score_without_each(const std::vector<Chain>& chains, std::vector<ChainStatistics>& statistics,
                        const std::function<TaskScore()>& score);

}  // namespace penalmt
