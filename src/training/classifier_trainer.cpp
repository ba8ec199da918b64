#include "training/classifier_trainer.h"

#include <torch/torch.h>

#include <numeric>

#include "base/random.h"
#include "datasets/images/augmentation.h"
#include "training/chain_measuring.h"
#include "training/recognition.h"

namespace penalmt {
namespace {

constexpr int64_t kChainImages = 64;  // spread over validation, for training.chain_every

Classifier build(const ClassifierRecipe& recipe, int64_t classes, c10::Device device) {
  torch::manual_seed(static_cast<uint64_t>(recipe.training.seed));
  Classifier model(
      recipe.image_encoder,
      PenalOptions{
          .tau = recipe.tau, .grade = recipe.tau_grade, .penalty = penalty_named(recipe.penalty)},
      classes);
  model->to(device);
  return model;
}

}  // namespace

ClassifierTrainer::ClassifierTrainer(const ClassifierRecipe& recipe, std::filesystem::path run,
                                     LabelledSplits images, c10::Device device, bool resume)
    : recipe_(recipe),
      images_(std::move(images)),
      device_(device),
      model_(build(recipe, static_cast<int64_t>(images_.train.classes.size()), device)),
      loop_(*this, recipe.training, /*accumulate=*/1, std::move(run), resume, single_process()) {}

nlohmann::ordered_json ClassifierTrainer::description() const {
  return config::write(ClassifierDescription{recipe_.image_encoder, images_.train.classes});
}

int64_t ClassifierTrainer::start_epoch(int64_t epoch) {
  epoch_ = epoch;
  order_.resize(images_.train.names.size());
  std::iota(order_.begin(), order_.end(), 0);
  SplitMix64 random(static_cast<uint64_t>(recipe_.training.seed), static_cast<uint64_t>(epoch));
  shuffle(order_, random);
  return (images_.train.count() + recipe_.training.batch - 1) / recipe_.training.batch;
}

LossSums ClassifierTrainer::add_gradients(const std::vector<int64_t>& batches, int64_t update,
                                          double tau_scale) {
  const ClassifierTrainingOptions& training = recipe_.training;
  const auto seed = static_cast<uint64_t>(training.seed);
  LossSums sums;
  for (const int64_t b : batches) {
    const int64_t end = std::min((b + 1) * training.batch, images_.train.count());
    const std::vector<int64_t> which(order_.begin() + b * training.batch, order_.begin() + end);
    const at::Tensor ids = at::tensor(which, at::kLong),
                     labels = images_.train.labels.index_select(0, ids).to(device_);
    const at::Tensor pixels =
        augmented(images_.train.pixels, which, {training.crop, training.flip}, seed, epoch_);
    const PrecisionScope scope(precision(training));
    const at::Tensor logits = model_->logits(
        pixels.to(device_), {.ids = ids, .seed = seed, .update = update, .tau_scale = tau_scale});
    const at::Tensor loss = cross_entropy(logits, labels, training.label_smoothing);
    penalmt::add_gradients(loss, model_->parameters());
    sums.add(static_cast<int64_t>(which.size()), loss, cross_entropy(logits.detach(), labels, 0));
  }
  return sums;
}

Validation ClassifierTrainer::validate() {
  const Recognition found = recognise(model_, images_.valid, device_);
  return {found.nll, found.accuracy()};
}

std::vector<ChainStatistics> ClassifierTrainer::measure_chain() {
  const LabelledImages& valid = images_.valid;
  LabelledImages some{.classes = valid.classes, .names = {}, .pixels = {}, .labels = {}};
  std::vector<int64_t> which;
  const int64_t count = std::min(kChainImages, valid.count());
  for (int64_t i = 0; i < count; ++i) {
    which.push_back(i * valid.count() / count);
    some.names.push_back(valid.names[which.back()]);
  }
  some.pixels = valid.pixels.index_select(0, at::tensor(which, at::kLong));
  some.labels = valid.labels.index_select(0, at::tensor(which, at::kLong));
  return measure_chains(*model_, some).chains;
}

}  // namespace penalmt
