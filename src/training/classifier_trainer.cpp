#include "training/classifier_trainer.h"

#include <torch/torch.h>

#include <numeric>

#include "base/random.h"
#include "datasets/images/augmentation.h"
#include "tensors/devices.h"
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
      ahead_([this](const BatchPlace& place) { return images_at(place); }),
      loop_(*this, recipe.training, /*accumulate=*/1, std::move(run), resume, single_process()) {}

nlohmann::ordered_json ClassifierTrainer::description() const {
  return config::write(ClassifierDescription{recipe_.image_encoder, images_.train.classes});
}

int64_t ClassifierTrainer::start_epoch(int64_t epoch) {
  ahead_.drop();
  epoch_ = epoch;
  order_.resize(images_.train.names.size());
  std::iota(order_.begin(), order_.end(), 0);
  SplitMix64 random(static_cast<uint64_t>(recipe_.training.seed), static_cast<uint64_t>(epoch));
  shuffle(order_, random);
  return epoch_batches();
}

ClassifierTrainer::Images ClassifierTrainer::images_at(const BatchPlace& place) const {
  const ClassifierTrainingOptions& training = recipe_.training;
  const int64_t begin = place.batch * training.batch,
                end = std::min(begin + training.batch, images_.train.count());
  const std::vector<int64_t> which(order_.begin() + begin, order_.begin() + end);
  const at::Tensor ids = at::tensor(which, at::kLong);
  const at::Tensor pixels = augmented(images_.train.pixels, which, {training.crop, training.flip},
                                      static_cast<uint64_t>(training.seed), epoch_);
  return {ids, images_.train.labels.index_select(0, ids), pinned_for(device_, pixels)};
}

LossSums ClassifierTrainer::add_gradients(const std::vector<int64_t>& batches, int64_t update,
                                          double tau_scale) {
  const ClassifierTrainingOptions& training = recipe_.training;
  LossSums sums;
  for (size_t i = 0; i < batches.size(); ++i) {
    const Images images = ahead_.take({batches[i], update});
    const BatchPlace next = after(batches, i, update, /*accumulate=*/1);
    if (!device_.is_cpu() && next.batch < epoch_batches()) ahead_.begin(next);
    const at::Tensor labels = images.labels.to(device_);
    const PrecisionScope scope(precision(training));
    const at::Tensor logits = model_->logits(images.pixels.to(device_, /*non_blocking=*/true),
                                             {.ids = images.ids,
                                              .seed = static_cast<uint64_t>(training.seed),
                                              .update = update,
                                              .tau_scale = tau_scale});
    const at::Tensor loss = cross_entropy(logits, labels, training.label_smoothing);
    penalmt::add_gradients(loss, model_->parameters());
    sums.add(images.ids.size(0), loss, cross_entropy(logits.detach(), labels, 0));
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
