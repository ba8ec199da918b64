// An image's class: image encoder → mean over regions → linear head. The encoder's weights are
// named as in a translation model.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/forward_pass.h"
#include "models/image_encoder.h"
#include "models/layers.h"
#include "models/model_folder.h"

namespace penalmt {

class ClassifierImpl : public torch::nn::Module {
 public:
  // `options` checked; `penal`: as make_image_encoder takes it.
  ClassifierImpl(const ImageEncoderOptions& options, const PenalOptions& penal, int64_t classes);
  // pixels: [B, 3, size, size] uint8 → [B, classes]. The penalty counts once an image.
  at::Tensor logits(const at::Tensor& pixels, const ForwardPass& pass = {});

  std::shared_ptr<ImageEncoder> image_encoder;
  Linear head;
};
TORCH_MODULE(Classifier);

// The newest format of a classifier's model.json that is read.
constexpr int64_t kClassifierFormat = 1;

// model.json of a classifier.
struct ClassifierDescription {
  ImageEncoderOptions image_encoder;
  std::vector<std::string> classes;
  int64_t format = kClassifierFormat;
  template <class Visitor>
  void visit(Visitor& v) {
    v("format", format, "of this file", config::at_least(1));
    v.group("image_encoder", image_encoder, "the network");
    v("classes", classes, "their names, in the order of the head's outputs", config::anything());
  }
};

// The description in a folder that holds a model. Throws Error where it is missing, no JSON, of a
// newer format, another model's, or has values that are not allowed.
ClassifierDescription read_classifier_description(const std::filesystem::path& folder);

// The classifier of such a folder, on the CPU, in evaluation mode. Throws as load_weights
// (models/model_folder.h) and, before the network is made, as expect_numbers (models/model_size.h).
Classifier read_classifier(const std::filesystem::path& folder,
                           const ClassifierDescription& description);

}  // namespace penalmt
