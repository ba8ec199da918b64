// Folders of weights: what is averaged is of one model.
#include "models/model_folder.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/files.h"
#include "tensors/safetensors.h"
#include "tests/base/expect_error.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::model_folder_test {

void write_weights(const std::filesystem::path& folder, const NamedWeights& weights,
                   const std::string& description) {
  std::filesystem::create_directories(folder);
  write_model(folder, weights, nlohmann::ordered_json::object());
  write_file(folder / "model.json", description);
}

std::string refusal(const TemporaryFolder& folder) {
  return folder.without_path(thrown_message<Error>([&] {
    average_models({folder / "a", folder / "b"}, folder / "averaged");
  }));
}

std::string description_refusal(const TemporaryFolder& folder, const std::string& description) {
  write_file(folder / "model.json", description);
  return folder.without_path(thrown_message<Error>([&] { read_description(folder.path()); }));
}

TEST(ReadDescription, TakesAFileThatDoesNotSayItsFormat) {
  const TemporaryFolder folder;
  nlohmann::ordered_json description = config::write(ModelDescription{});
  EXPECT_EQ(description.at("format"), kModelFormat);
  description.erase("format");
  description["source_vocabulary"] = description["target_vocabulary"] = 7;
  write_file(folder / "model.json", description.dump());
  const ModelDescription found = read_description(folder.path());
  EXPECT_EQ(found.source_vocabulary, 7);
  EXPECT_EQ(found.format, kModelFormat);
}

TEST(ReadDescription, RefusesANewerFormatBeforeItsFields) {
  const TemporaryFolder folder;
  for (const std::string format : {"3", "1e30"})
    EXPECT_EQ(description_refusal(folder, "{\"format\": " + format + ", \"whatever\": [1]}"),
              "model.json: format: got " + nlohmann::json::parse(format).dump() +
                  ", expected at most 2; a newer penalmt wrote it");
  EXPECT_EQ(description_refusal(folder, "{\"format\": 0}"),
            "model.json: format: got 0, expected whole number, at least 1");
}

TEST(WrittenDescription, OfWhatEarlierProgramsKnowIsTheirs) {
  ModelDescription description;
  const auto first = written(description);
  EXPECT_EQ(first.at("format"), 1);
  for (const char* key : {"scale_embeddings", "output_bias"})
    EXPECT_FALSE(first.at("model").contains(key)) << key;
  for (const char* key : {"refill", "guess_end", "renormalize"})
    EXPECT_FALSE(first.at("decoding").contains(key)) << key;
  const std::vector<std::function<void(ModelDescription&)>> news = {
      [](ModelDescription& d) { d.model.scale_embeddings = false; },
      [](ModelDescription& d) { d.model.output_bias = true; },
      [](ModelDescription& d) { d.model.activation = "silu"; },
      [](ModelDescription& d) { d.model.positions = "marian"; },
      [](ModelDescription& d) { d.decoding.refill = true; },
      [](ModelDescription& d) { d.decoding.guess_end = true; },
      [](ModelDescription& d) { d.decoding.renormalize = true; }};
  const TemporaryFolder folder;
  for (const auto& change : news) {
    description = {};
    description.source_vocabulary = description.target_vocabulary = 7;
    change(description);
    const auto object = written(description);
    EXPECT_EQ(object.at("format"), 2);
    write_file(folder / "model.json", object.dump());
    const auto again = written(read_description(folder.path()));
    EXPECT_EQ(again.at("format"), 2);
    EXPECT_EQ(again.at("decoding"), object.at("decoding"));
  }
}

TEST(AverageModels, GivesTheMeanAndTheLastDescription) {
  const TemporaryFolder folder;
  write_weights(folder / "a", {{"w", torch::full({2, 3}, 1.F)}}, "{\"first\": 1}");
  write_weights(folder / "b", {{"w", torch::full({2, 3}, 2.F)}}, "{\"z\": 1, \"a\": 2}");
  average_models({folder / "a", folder / "b"}, folder / "averaged");
  const NamedTensors found = load_safetensors(folder / "averaged/model.safetensors");
  EXPECT_TRUE(torch::equal(*find(found, "w"), torch::full({2, 3}, 1.5F)));
  EXPECT_EQ(nlohmann::ordered_json::parse(read_file(folder / "averaged/model.json")).dump(),
            "{\"z\":1,\"a\":2}");
}

TEST(AverageModels, RefusesFoldersThatAreNotOfOneModel) {
  const TemporaryFolder folder;
  write_weights(folder / "a", {{"w", torch::ones({2, 3})}}, "{}");
  for (const NamedWeights& other :
       {NamedWeights{{"v", torch::ones({2, 3})}}, NamedWeights{{"w", torch::ones({3, 2})}}}) {
    std::filesystem::remove_all(folder / "b");
    write_weights(folder / "b", other, "{}");
    EXPECT_EQ(refusal(folder),
              "b/model.safetensors: no tensor 'w' of the size that it has in a; are they of one "
              "run?");
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "averaged"));
}

TEST(AverageModels, RefusesADamagedDescription) {
  const TemporaryFolder folder;
  write_weights(folder / "a", {{"w", torch::ones({2, 3})}}, "{}");
  write_weights(folder / "b", {{"w", torch::ones({2, 3})}}, "{\"model\": ");
  EXPECT_TRUE(refusal(folder).starts_with("b/model.json:1:")) << refusal(folder);
  EXPECT_FALSE(std::filesystem::exists(folder / "averaged"));
}

}  // namespace penalmt::model_folder_test
