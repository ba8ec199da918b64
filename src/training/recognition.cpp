#include "training/recognition.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/progress.h"

namespace penalmt {
namespace {

constexpr int64_t kEvaluationBatch = 256;
constexpr std::size_t kFilesAtATime = 256;  // decoded and classified

}  // namespace

double Recognition::accuracy() const {
  return static_cast<double>(confusion.trace().item<int64_t>()) /
         static_cast<double>(confusion.sum().item<int64_t>());
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum, /*ignore_index=*/-100,
                                smoothing);
}

Recognition recognise(Classifier& model, const LabelledImages& images, c10::Device device) {
  torch::NoGradGuard no_grad;
  model->eval();
  const auto classes = static_cast<int64_t>(images.classes.size());
  double nll = 0;
  at::Tensor pairs =
      at::zeros({classes * classes}, at::kLong);  // of a class and what it was taken for
  for (int64_t begin = 0; begin < images.count(); begin += kEvaluationBatch) {
    throw_if_interrupted();
    const int64_t count = std::min(kEvaluationBatch, images.count() - begin);
    const at::Tensor labels = images.labels.narrow(0, begin, count);
    const at::Tensor logits = model->logits(images.pixels.narrow(0, begin, count).to(device)).cpu();
    nll += cross_entropy(logits, labels, 0).item<double>();
    pairs.add_(at::bincount(labels * classes + logits.argmax(1), {}, classes * classes));
  }
  return {nll / static_cast<double>(images.count()), pairs.view({classes, classes})};
}

void predict_classes(
    Classifier& model, c10::Device device, const std::vector<std::filesystem::path>& files,
    const PredictionOptions& options,
    const std::function<void(const std::filesystem::path&, const at::Tensor&)>& use) {
  torch::NoGradGuard no_grad;
  for (std::size_t begin = 0; begin < files.size(); begin += kFilesAtATime) {
    throw_if_interrupted();
    const std::vector<std::filesystem::path> chunk(
        files.begin() + begin, files.begin() + std::min(begin + kFilesAtATime, files.size()));
    ImageProblems problems(chunk.size());
    const at::Tensor pixels = load_images(chunk, options.size, options.threads,
                                          options.skip_broken ? &problems : nullptr);
    const at::Tensor probabilities = model->logits(pixels.to(device)).softmax(1).cpu();
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      if (problems[i].empty())
        use(chunk[i], probabilities[static_cast<int64_t>(i)]);
      else
        warning(problems[i]);
    }
  }
}

}  // namespace penalmt
