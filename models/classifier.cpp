#include "models/classifier.h"

#include <torch/torch.h>

#include "models/model_size.h"

namespace penalmt {

ClassifierImpl::ClassifierImpl(const ImageEncoderOptions& options, const PenalOptions& penal,
                               int64_t classes)
    : image_encoder(register_module("image_encoder", make_image_encoder(options, penal))),
      head(register_module("head", Linear(image_encoder->width(), classes))) {
  name_dropout_sites(*this);
}

at::Tensor ClassifierImpl::logits(const at::Tensor& pixels, const ForwardPass& pass) {
  return head(image_encoder->regions_of(pixels, pass).mean(1));
}

ClassifierDescription read_classifier_description(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "model.json";
  const nlohmann::json object = config::parse_file(file);
  // A translation model's formats are numbered by themselves.
  if (!object.contains("model")) expect_known_format(object, file, kClassifierFormat);
  if (!object.contains("classes"))
    throw Error(file.string() +
                ": no 'classes' there; expected a model of 'penalmt classify train'");
  config::Problems problems(file.string());
  ClassifierDescription description;
  config::read(description, object, problems);
  problems.throw_if_any();
  description.image_encoder.check("image_encoder", problems);
  problems.throw_if_any();
  return description;
}

Classifier read_classifier(const std::filesystem::path& folder,
                           const ClassifierDescription& description) {
  expect_numbers(folder, least_numbers(description.image_encoder));
  Classifier model(description.image_encoder, PenalOptions{},
                   static_cast<int64_t>(description.classes.size()));
  load_weights(folder / "model.safetensors", *model);
  model->eval();
  return model;
}

}  // namespace penalmt
