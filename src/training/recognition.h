// What a classifier makes of images: of labelled ones as a whole, of others one by one.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <functional>
#include <vector>

#include "datasets/images/labelled_images.h"
#include "models/classifier.h"

namespace penalmt {

// Of labelled images: the mean negative log likelihood, and what each class is taken for.
struct Recognition {
  double nll = 0;
  at::Tensor
      confusion;  // [classes, classes] int64: images of the row's class taken for the column's

  double accuracy() const;  // share of the images whose class is right
};

// Without gradients, the model in evaluation mode, a batch at a time. images: at least one. Throws
// Interrupted after Ctrl-C, as predict_classes.
Recognition recognise(Classifier& model, const LabelledImages& images, c10::Device device);

// Sum over the batch of the negative log likelihood of smoothed labels. logits: [B, classes];
// labels: [B].
at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels, double smoothing);

struct PredictionOptions {
  int64_t size = 0;          // the model's images are size x size
  int threads = 0;           // that decode; 0: one a core
  bool skip_broken = false;  // a broken image is passed over with a warning
};

// use(file, probabilities [classes] float32 on the CPU) for one image after another. The model is
// in evaluation mode. Throws as load_images (datasets/images/labelled_images.h).
void predict_classes(
    Classifier& model, c10::Device device, const std::vector<std::filesystem::path>& files,
    const PredictionOptions& options,
    const std::function<void(const std::filesystem::path&, const at::Tensor&)>& use);

}  // namespace penalmt
