// Laws of a classifier's run: it learns, it resumes to the bit, its encoder is a translation
// model's.
#include "training/classifier_trainer.h"
#include "base/line_reader.h"

#include "training/recognition.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "models/translation_model.h"
#include "tensors/safetensors.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"
#include "tests/datasets/coloured_images.h"

namespace penalmt::classifier_trainer_test {

namespace fs = std::filesystem;

class ClassifierTrainerTest : public testing::TestWithParam<std::string> {
 protected:
  ClassifierTrainerTest() { write_coloured_images(folder_ / "data/train", 14); }

  ClassifierRecipe recipe() const {
    ClassifierRecipe recipe;
    recipe.data.folder = (folder_ / "data").string(), recipe.data.valid = 4;
    ImageEncoderOptions& encoder = recipe.image_encoder;
    encoder.kind = GetParam(), encoder.size = 8, encoder.width = 8, encoder.patch = 4,
    encoder.feed_forward = 16, encoder.heads = 2;
    encoder.layers = encoder.stages = 2;
    recipe.training.batch = 6, recipe.training.updates = 30, recipe.training.warmup = 5,
    recipe.training.crop = 1;
    return recipe;
  }
  std::unique_ptr<ClassifierTrainer> trainer(const ClassifierRecipe& recipe, const std::string& run,
                                             bool resume = false) const {
    fs::create_directories(folder_ / run);
    return std::make_unique<ClassifierTrainer>(
        recipe, folder_ / run, read_labelled_splits(recipe.data, recipe.image_encoder.size, 1),
        c10::kCPU, resume);
  }
  nlohmann::ordered_json last_line(const std::string& run) const {
    return nlohmann::ordered_json::parse(read_lines(folder_ / run / "metrics.jsonl").back());
  }

  const TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Kinds, ClassifierTrainerTest, testing::Values("vit", "resnet"),
                         [](const auto& info) { return info.param; });

TEST_P(ClassifierTrainerTest, LearnsToTellRedFromBlue) {
  ClassifierRecipe measured = recipe();
  measured.training.chain_every = 15;
  trainer(measured, "run")->run();
  EXPECT_EQ(read_lines(folder_ / "run/chain.jsonl").size(), 2u);
  const nlohmann::ordered_json last = last_line("run");
  std::vector<std::string> keys;
  for (const auto& [key, value] : last.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"update", "epoch", "loss", "nll", "valid_nll",
                                            "valid_accuracy", "learning_rate", "images",
                                            "images_per_second", "seconds"}));
  EXPECT_EQ(last["valid_accuracy"], 1.0);
  EXPECT_LT(last["valid_nll"].get<double>(), 0.3);
  EXPECT_EQ(last["epoch"], 8);  // 4 updates each: 20 images in batches of 6, 6, 6, 2
  EXPECT_EQ(last["images"], 7 * 20 + 12);
  // The final model, read again.
  const ClassifierDescription description = read_classifier_description(folder_ / "run/averaged");
  EXPECT_EQ(description.classes, (std::vector<std::string>{"blue", "red"}));
  Classifier model = read_classifier(folder_ / "run/averaged", description);
  const Recognition found =
      recognise(model, read_labelled_images(folder_ / "data/train", 8, 1), c10::kCPU);
  EXPECT_EQ(found.accuracy(), 1.0);
  EXPECT_TRUE(torch::equal(found.confusion, torch::tensor({{14, 0}, {0, 14}})));
}

TEST_P(ClassifierTrainerTest, AResumedRunEqualsAnUninterruptedOneToTheBit) {
  ClassifierRecipe whole = recipe();
  whole.image_encoder.dropout = 0.2,
  whole.training.decay = "inverse_sqrt";  // whose rate does not depend on the number of updates
  trainer(whole, "whole")->run();
  ClassifierRecipe half = whole;
  half.training.updates = 14;  // in the middle of an epoch
  trainer(half, "parts")->run();
  trainer(whole, "parts", true)->run();
  for (const char* file : {"model.safetensors", "optimiser.safetensors"}) {
    const NamedTensors got = load_safetensors(folder_ / "parts/checkpoints/00000030" / file),
                       expected = load_safetensors(folder_ / "whole/checkpoints/00000030" / file);
    ASSERT_EQ(got.tensors.size(), expected.tensors.size());
    for (const auto& [name, tensor] : expected.tensors)
      EXPECT_TRUE(torch::equal(*find(got, name), tensor)) << file << " " << name;
  }
  EXPECT_EQ(last_line("parts")["valid_nll"], last_line("whole")["valid_nll"]);
  EXPECT_EQ(last_line("parts")["images"], last_line("whole")["images"]);
}

TEST_P(ClassifierTrainerTest, LeavesAnEncoderThatATranslationModelTakes) {
  ClassifierRecipe short_run = recipe();
  short_run.training.updates = 6;
  trainer(short_run, "run")->run();
  NamedTensors trained = load_safetensors(folder_ / "run/averaged/model.safetensors");
  ModelOptions options;
  options.width = 8, options.feed_forward = 8, options.heads = 2,
  options.encoder_layers = options.decoder_layers = 1;
  options.fusion = "gated", options.image_encoder = recipe().image_encoder;
  TranslationModel translation(options, 9, 9);
  NamedTensors renamed;
  for (const auto& [name, tensor] : trained.tensors)
    if (name.starts_with("image_encoder.")) renamed.tensors.emplace_back(name.substr(14), tensor);
  save_safetensors(folder_ / "encoder.safetensors", renamed);
  load_weights(folder_ / "encoder.safetensors",
               *translation->image_encoder);  // refuses what is missing, and what is unknown
  // It sees the same regions.
  Classifier classifier = read_classifier(folder_ / "run/averaged",
                                          read_classifier_description(folder_ / "run/averaged"));
  translation->eval();
  const at::Tensor pixels =
      read_labelled_images(folder_ / "data/train", 8, 1).pixels.narrow(0, 0, 3);
  torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::equal(translation->image_encoder->forward(pixels, Rows{}),
                           classifier->image_encoder->forward(pixels, Rows{})));
}

// J = (sum of losses + tau / 2 * sum ||z||^2) / N with N images: what an image's share of the
// gradient is does not depend on the batch. (A residual network's batch normalisation looks at the
// whole batch; its penalty is tested in resnet_test.cpp.)
TEST(Classifier, ThePenaltyCountsOnceAnImage) {
  ImageEncoderOptions encoder;
  encoder.size = 8, encoder.width = 8, encoder.patch = 4, encoder.feed_forward = 16,
  encoder.heads = 2, encoder.dropout = 0.3;
  torch::manual_seed(1);
  Classifier model(encoder, PenalOptions{.tau = 0.5}, 2);
  const at::Tensor pixels =
                       (torch::arange(6 * 3 * 64) * 7 % 251).to(torch::kByte).view({6, 3, 8, 8}),
                   ids = torch::arange(6);
  const auto gradient = [&](int64_t batch, double tau_scale) {
    model->zero_grad();
    for (int64_t begin = 0; begin < 6; begin += batch)
      model
          ->logits(
              pixels.narrow(0, begin, batch),
              {.ids = ids.narrow(0, begin, batch), .seed = 3, .update = 5, .tau_scale = tau_scale})
          .select(1, 0)
          .sum()
          .backward();
    return model->image_encoder->named_parameters()["patches.projection.weight"].grad().clone();
  };
  const at::Tensor whole = gradient(6, 1), cut = gradient(2, 1), plain = gradient(6, 0);
  EXPECT_LT((whole - cut).norm().item<double>(), 1e-5 * whole.norm().item<double>());
  EXPECT_GT((whole - plain).norm().item<double>(), 0.01 * whole.norm().item<double>());
}

TEST(ClassifierRecipe, AllProblemsAreReportedAtOnce) {
  const TemporaryFolder folder;
  const std::string file = (folder / "recipe.json").string();
  write_file(
      file,
      R"({"image_encoder": {"kind": "resnet", "size": 33, "width": 30}, "training": {"crop": 40, "updates": 9}})");
  expect_error(
      [&] { load_classifier_recipe(file, {}); },
      file + ": image_encoder.size: got 33, expected a multiple of 4 from 8 on (stages 3)\n" +
          file + ": image_encoder.width: got 30, expected a multiple of 4 (stages 3)\n" + file +
          ": training.warmup: got 400 with linear decay, expected less than training.updates 9\n" +
          file + ": training.crop: got 40, expected less than image_encoder.size 33");
  expect_error(
      [&] {
        load_classifier_recipe(file, {"image_encoder.kind=restnet", "taau=0", "penalty=relative"});
      },
      "set: image_encoder.kind: got \"restnet\", expected one of vit, resnet, features; did you "
      "mean 'resnet'?\nset: taau: unknown key; did you mean 'tau'?\n"
      "set: penalty: got \"relative\", expected one of absolute, stream");
}

TEST(ClassifierDescription, AnotherModelsIsRefused) {
  const TemporaryFolder folder;
  write_file(folder / "model.json", config::write(ModelDescription{}).dump());
  expect_error([&] { read_classifier_description(folder.path()); },
               (folder / "model.json").string() +
                   ": no 'classes' there; expected a model of 'penalmt classify train'");
}

TEST(ClassifierDescription, ANewerFormatIsRefused) {
  const TemporaryFolder folder;
  write_file(folder / "model.json", R"({"format": 2, "labels": ["a"]})");
  expect_error([&] { read_classifier_description(folder.path()); },
               (folder / "model.json").string() +
                   ": format: got 2, expected at most 1; a newer penalmt wrote it");
}

}  // namespace penalmt::classifier_trainer_test
