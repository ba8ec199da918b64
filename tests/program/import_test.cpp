// penalmt import, and what an imported model does in the other commands.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "harness.h"

namespace penalmt::import_test {

namespace fs = std::filesystem;

const std::string kOpus = PENALMT_SOURCE "/tests/golden/marian/swish";

class ImportedModel : public testing::Test {
 protected:
  void SetUp() override {
    const Outcome outcome = run_penalmt({"import", kOpus, "--out", model_});
    ASSERT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors, "penalmt: " + model_ + ": ready for penalmt translate\n");
  }
  Outcome translate(std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), {"translate", model_});
    words.insert(words.end(), {"--threads", "1"});
    return run_penalmt(words, input);
  }
  nlohmann::json golden() const {
    return parse_json<nlohmann::json>(read_file(kOpus + "/texts.json"), "texts.json");
  }
  std::string lines() const { return joined("lines"); }
  std::string joined(const char* key) const {
    std::string all;
    for (const auto& line : golden().at(key)) all += line.get<std::string>() + "\n";
    return all;
  }

  const TemporaryFolder folder_;
  const std::string model_ = (folder_ / "model").string();
};

TEST_F(ImportedModel, TranslatesAsTransformers) {
  EXPECT_EQ(translate({}, lines()).output, joined("beam"));
  EXPECT_EQ(translate({"--beam", "1"}, lines()).output, joined("greedy"));
  EXPECT_EQ(translate({"--patience", "0", "--length-penalty", "0.6"}, lines()).output,
            joined("never"));
}

TEST_F(ImportedModel, SaysWhichLanguageItWantsToKnow) {
  const std::string warning = "penalmt: warning: " + model_ +
                              ": 1 sources name no target language, the model knows >>deu<<, "
                              ">>nld<<; --target-language says which\n";
  EXPECT_EQ(translate({"Two man ."}).errors, warning);
  const Outcome spelt = translate({">>nld<< Two man ."}),
                asked = translate({"Two man .", "--target-language", "nld"});
  EXPECT_EQ(spelt.errors, "");
  EXPECT_EQ(asked.errors, "");
  EXPECT_EQ(asked.output, spelt.output);
  const Outcome refused = translate({"Two man .", "--target-language", "fra"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.errors, "penalmt: " + model_ +
                                ": target language: got 'fra', expected one of >>deu<<, "
                                ">>nld<<\n");
}

TEST_F(ImportedModel, ServesEveryOtherWayOfTranslating) {
  const std::string sentence = ">>deu<< Two man .";
  const Outcome json =
      translate({sentence, "--json", "--alignment", "--token-scores", "--n-best", "3"});
  ASSERT_EQ(json.status, 0) << json.errors;
  const auto object = nlohmann::json::parse(json.output);
  EXPECT_EQ(object["source"], sentence);
  EXPECT_EQ(object["n_best"].size(), 3);
  EXPECT_EQ(object["token_scores"].size(), object["tokens"].size() + 1);
  double sum = 0;
  for (const auto& score : object["token_scores"]) sum += score.get<double>();
  EXPECT_NEAR(object["score"].get<double>(), sum / static_cast<double>(object["tokens"].size() + 1),
              1e-3);

  const Outcome begun = translate({sentence, "--prefix", "Frau"});
  EXPECT_EQ(begun.output.substr(0, 4), "Frau");
  // A model beside itself gives what it gives alone.
  EXPECT_EQ(translate({sentence, "--ensemble", model_}).output, translate({sentence}).output);
  for (const char* precision : {"int8", "bfloat16"})
    EXPECT_EQ(translate({sentence, "--precision", precision}).status, 0);

  write_file(folder_ / "source", ">>deu<< Two man .\n>>deu<< A man .\n");
  write_file(folder_ / "target", "Zwei hunde .\nEin mann .\n");
  const Outcome list = run_penalmt({"shortlist", model_, "--source", folder_ / "source", "--target",
                                    folder_ / "target", "--output", folder_ / "list"});
  ASSERT_EQ(list.status, 0) << list.errors;
  const Outcome listed = translate({sentence, "--shortlist", folder_ / "list"});
  EXPECT_EQ(listed.errors, "");
  EXPECT_EQ(listed.status, 0);
  const Outcome scores = run_penalmt({"score", model_, "--source", folder_ / "source", "--target",
                                      folder_ / "target", "--threads", "1"});
  EXPECT_EQ(scores.errors, "");
  EXPECT_EQ(std::count(scores.output.begin(), scores.output.end(), '\n'), 2);
}

// A recipe of its network goes on from its weights: as text, and with images.
TEST_F(ImportedModel, IsTrainedFurtherAndLearnsToLook) {
  ASSERT_EQ(run_penalmt({"shapes", "--out", folder_ / "corpus", "--train", "30", "--val", "4",
                         "--test", "4", "--size", "16"})
                .status,
            0);
  auto network =
      parse_json<nlohmann::json>(read_file(model_ + "/model.json"), "model.json")["model"];
  network["fusion"] = "gated";
  network["image_encoder"] = {{"size", 16},         {"patch", 8}, {"width", 8},
                              {"feed_forward", 16}, {"heads", 2}, {"layers", 1}};
  const nlohmann::json recipe = {
      {"data", {{"folder", (folder_ / "corpus").string()}, {"text", "raw"}}},
      {"model", network},
      {"training",
       {{"updates", 3},
        {"validate_every", 3},
        {"batch_tokens", 200},
        {"warmup", 1},
        {"initial_weights", model_},
        {"train_only", {"fusion", "image_encoder"}},
        {"precision", "float32"}}}};
  write_file(folder_ / "recipe.json", recipe.dump());
  for (const std::string processes : {"1", "2"}) {
    const std::string run = folder_ / ("run" + processes);
    const Outcome outcome =
        run_penalmt({"train", folder_ / "recipe.json", "--out", run, "--threads", "1",
                     "--processes", processes, "--set", "training.accumulate=2"});
    ASSERT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_TRUE(fs::exists(run + "/source.model"));
    EXPECT_EQ(read_file(run + "/target.model"), read_file(model_ + "/target.model"));
    // Without images it says what it said before.
    const Outcome now = run_penalmt({"translate", run, "--threads", "1", "--beam", "4",
                                     "--patience", "1", "--refill", "--max-length", "40"},
                                    lines());
    EXPECT_EQ(now.status, 0) << now.errors;
    EXPECT_EQ(now.output, joined("beam"));
  }
  auto other = recipe;
  other["model"]["activation"] = "relu";
  write_file(folder_ / "other.json", other.dump());
  const Outcome refused =
      run_penalmt({"train", folder_ / "other.json", "--out", folder_ / "other"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.errors, "penalmt: training.initial_weights: " + model_ +
                                ": got model.activation silu where the recipe has relu; set "
                                "model.activation=silu\n");
}

TEST_F(ImportedModel, IsRefusedInOneSentence) {
  const Outcome again = run_penalmt({"import", kOpus, "--out", model_});
  EXPECT_EQ(again.status, 2);
  EXPECT_EQ(again.errors,
            "penalmt: --out: " + model_ + ": it is there already; expected a folder that is not\n");
  fs::create_directory(folder_ / "opus");
  write_file(folder_ / "opus/config.json",
             R"({"model_type": "marian", "activation_function": "x"})");
  const Outcome unknown = run_penalmt({"import", folder_ / "opus", "--out", folder_ / "other"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(folder_.without_path(unknown.errors),
            "penalmt: opus/config.json: activation_function: got \"x\", expected gelu, relu, silu "
            "or swish\n");
  EXPECT_FALSE(fs::exists(folder_ / "other"));
}

}  // namespace penalmt::import_test
