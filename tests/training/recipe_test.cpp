#include "training/recipe.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "training/classifier_recipe.h"

namespace penalmt::recipe_test {

Recipe load(const std::string& text, const std::vector<std::string>& assignments = {}) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "penalmt_recipe.json";
  write_file(file, text);
  return load_recipe(file, assignments);
}

std::string refusal(const std::string& text, const std::vector<std::string>& assignments = {}) {
  try {
    load(text, assignments);
  } catch (const Error& error) {
    std::string what = error.what();
    const std::string place =
        (std::filesystem::temp_directory_path() / "penalmt_recipe.json").string() + ": ";
    for (size_t at; (at = what.find(place)) != std::string::npos;) what.erase(at, place.size());
    return what;
  }
  return "no refusal";
}

TEST(Recipe, WhatIsNotSaidIsTheDefault) {
  const Recipe recipe = load(R"({"model": {"dropout": 0.2} /* a comment */})",
                             {"training.seed=7", "model.fusion=gated"});
  EXPECT_EQ(recipe.model.dropout, 0.2);
  EXPECT_EQ(recipe.training.seed, 7);
  EXPECT_EQ(recipe.model.fusion, "gated");
  EXPECT_EQ(recipe.training.warmup, TrainingOptions{}.warmup);
  EXPECT_EQ(recipe.model.width, 128);
}

TEST(Recipe, AllProblemsAreReportedAtOnce) {
  const std::string what = refusal(R"({"training": {"updatse": 5, "accumulate": 0}, "modle": {}})",
                                   {"model.dropout=1.5"});
  EXPECT_NE(what.find("training.updatse: unknown key; did you mean 'updates'?"), std::string::npos)
      << what;
  EXPECT_NE(what.find("training.accumulate: "), std::string::npos) << what;
  EXPECT_NE(what.find("modle: unknown key; did you mean 'model'?"), std::string::npos) << what;
  EXPECT_NE(what.find("model.dropout: "), std::string::npos) << what;
}

TEST(Recipe, TrainsPartsThatTheModelHas) {
  EXPECT_EQ(refusal(R"({"training": {"train_only": ["fusion", "encodr"]}})"),
            "training.train_only: got [\"fusion\",\"encodr\"], expected list of texts, each "
            "one of encoder, decoder, embeddings, fusion, image_encoder; did you mean 'encoder'?");
  EXPECT_EQ(refusal(R"({"training": {"train_only": ["fusion", "image_encoder"]}})"),
            "training.train_only: got fusion with model.fusion none, expected a fusion or other "
            "parts\n"
            "training.train_only: got image_encoder with model.fusion none, expected an image "
            "encoder or other parts");
  EXPECT_EQ(
      refusal(R"({"data": {"features": "store"}, "training": {"train_only": ["image_encoder"]},
                        "model": {"fusion": "gated", "image_encoder": {"kind": "features"}}})"),
      "training.train_only: got image_encoder with model.image_encoder.kind features, "
      "expected an image encoder or other parts");
  const Recipe recipe = load(R"({"model": {"fusion": "doubly_attentive"},
                                 "training": {"train_only": ["fusion", "embeddings"],
                                              "rates": {"fusion": 3, "encoder": 0.5}}})");
  const std::vector<std::pair<std::string, ModelPart>> parts = {
      {"embedding", ModelPart::embeddings},
      {"output_bias", ModelPart::embeddings},
      {"source_positions.weight", ModelPart::embeddings},
      {"encoder.layers.0.feed_forward.up.weight", ModelPart::encoder},
      {"decoder.final_norm.bias", ModelPart::decoder},
      {"decoder.layers.0.image_attention.gate.weight", ModelPart::fusion},
      {"decoder.layers.0.image_attention_residual.norm.weight", ModelPart::fusion},
      {"fusion.image_projection.bias", ModelPart::fusion},
      {"image_encoder.encoder.layers.0.feed_forward.up.weight", ModelPart::image_encoder}};
  for (const auto& [name, part] : parts) {
    EXPECT_EQ(part_of(name), part) << name;
    EXPECT_EQ(recipe.trains(name), part == ModelPart::fusion || part == ModelPart::embeddings);
    EXPECT_EQ(recipe.training.rates.of(part), part == ModelPart::fusion    ? 3
                                              : part == ModelPart::encoder ? 0.5
                                                                           : 1);
  }
}

TEST(Recipe, TakesAsManyTokenizersAsThereAreVocabularies) {
  EXPECT_EQ(refusal(R"({"tokenizer": {"files": ["a.model", "b.model"]}})"),
            "tokenizer.files: got 2 files, expected one for both languages with model.embeddings "
            "shared");
  EXPECT_EQ(
      refusal(R"({"tokenizer": {"files": ["a", "b", "c"]}, "model": {"embeddings": "target"}})"),
      "tokenizer.files: got 3 files, expected one or two");
  EXPECT_EQ(load(R"({"tokenizer": {"files": ["a.model"]}})").tokenizer.files.size(), 1);
}

TEST(Recipe, TellsTargetLanguagesApartByPiecesOfTheirNames) {
  const char* two = R"({"data": {"corpora": [{"source": "a", "target": "b",
                        "target_language": "f r"}],
                        "valid_corpora": [{"target_language": "es"}]}})";
  EXPECT_EQ(refusal(two),
            "data.corpora.0.target_language: got 'f r', expected letters, digits, - and _, as in "
            "'fr' or 'pt_BR'\n"
            "data.valid_corpora.0.target_language: got 'es', expected a language that is trained "
            "on: de, f r");
  EXPECT_EQ(
      refusal(R"({"data": {"corpora": [{"target_language": "fr"}]}})", {"data.target_language=,"}),
      "set: data.target_language: got ',', expected letters, digits, - and _, as in 'fr' or "
      "'pt_BR'");
  const Recipe recipe = load(R"({"data": {"corpora": [{"source": "a", "target": "b"},
                                 {"target_language": "fr"}]}})");
  EXPECT_EQ(language_pieces(recipe.data), (std::vector<std::string>{">>de<<", ">>fr<<"}));
}

TEST(Recipe, BpeDropoutNeedsABpe) {
  EXPECT_EQ(refusal("{}", {"tokenizer.kind=unigram", "training.bpe_dropout=0.1"}),
            "set: training.bpe_dropout: got 0.1 with tokenizer.kind unigram, expected 0, or the "
            "kind bpe");
  EXPECT_EQ(
      refusal("{}", {"data.cache=pieces", "training.bpe_dropout=0.1", "data.masking=color"}),
      "set: training.bpe_dropout: got 0.1 with data.cache, which keeps the pieces, expected 0\n"
      "set: data.masking: got 'color' with data.cache, which keeps the text as it is, expected "
      "none");
  EXPECT_EQ(refusal("{}", {"data.cache=pieces", "data.valid=train"}),
            "set: data.valid: got 'train', the training split, with data.cache, expected another "
            "one");
}

TEST(Recipe, TakesOneOfTheTwoConsistencyLosses) {
  EXPECT_EQ(refusal("{}", {"training.r_drop=5", "training.token_cutoff=0.05"}),
            "set: training.token_cutoff: got 0.05 with training.r_drop 5, expected one of the "
            "two to be "
            "0");
}

TEST(Recipe, LinearDecayNeedsUpdatesAfterTheWarmup) {
  EXPECT_EQ(
      refusal("{}", {"training.decay=linear", "training.updates=50", "training.warmup=50"}),
      "set: training.warmup: got 50 with linear decay, expected less than training.updates 50");
}

TEST(Recipe, TheProjectsRecipesAreRight) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PENALMT_SOURCE "/recipes"))
    if (entry.path().extension() == ".json" &&
        entry.path().parent_path().filename() != "benchmark" &&
        entry.path().filename() != "plan.json") {
      if (entry.path().parent_path().filename() == "cifar10") {
        EXPECT_NO_THROW(load_classifier_recipe(entry.path(), {})) << entry.path();
      } else {
        EXPECT_NO_THROW(load_recipe(entry.path(), {})) << entry.path();
      }
    }
}

// Every arm of the study is a recipe that this program takes; those that wait for a choice, too.
TEST(Recipe, TheStudysArmsAreRight) {
  const nlohmann::json plan = config::parse_file(PENALMT_SOURCE "/recipes/study/plan.json");
  for (const nlohmann::json& group : plan["groups"])
    for (const nlohmann::json& arm : group["arms"]) {
      std::vector<std::string> assignments;
      for (const nlohmann::json& settings :
           {group["set"], arm.value("set", nlohmann::json::object())})
        for (const auto& [key, value] : settings.items())
          assignments.push_back(key + "=" +
                                (value.is_string() ? value.get<std::string>() : value.dump()));
      const std::string recipe = PENALMT_SOURCE "/" + group["recipe"].get<std::string>();
      if (group["kind"] == "classifier") {
        EXPECT_NO_THROW(load_classifier_recipe(recipe, assignments)) << arm["name"];
      } else {
        EXPECT_NO_THROW(load_recipe(recipe, assignments)) << arm["name"];
      }
    }
}

}  // namespace penalmt::recipe_test
