// penalmt classify as a user runs it: a run folder out, images recognised, Ctrl-C and resume,
// refusals.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/datasets/coloured_images.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

class ClassifyCommand : public testing::Test {
 protected:
  ClassifyCommand() {
    write_coloured_images(folder_ / "data/train", 14);
    write_coloured_images(folder_ / "data/test", 3);
    write_file(recipe_, R"({
  "data": {"folder": ")" + (folder_ / "data").string() +
                            R"(", "valid": 4},
  "image_encoder": {"kind": "resnet", "size": 8, "width": 8, "stages": 2},
  "training": {"batch": 6, "updates": 30, "warmup": 5, "crop": 1}
})");
  }
  std::vector<std::string> train(const std::string& run,
                                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"classify",  "train", recipe_,    "--out", folder_ / run,
                                          "--threads", "1",     "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::vector<std::string> predict(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"classify", "predict", folder_ / "run", "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string refusal(const std::vector<std::string>& arguments) const {
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return folder_.without_path(outcome.errors);
  }

  const TemporaryFolder folder_;
  const std::string recipe_ = folder_ / "recipe.json";
};

TEST_F(ClassifyCommand, PrintsTheWholeRecipe) {
  const Outcome printed = run_penalmt(train("run", {"--print-recipe", "--set", "tau=0"}));
  ASSERT_EQ(printed.status, 0) << printed.errors;
  const auto recipe = nlohmann::json::parse(printed.output);
  EXPECT_EQ(recipe["tau"], 0.0);
  EXPECT_EQ(recipe["training"]["updates"], 30);
  EXPECT_EQ(recipe["training"]["precision"], "auto");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(ClassifyCommand, LearnsAndRecognises) {
  const Outcome outcome = run_penalmt(train("run"));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  EXPECT_TRUE(
      outcome.errors.starts_with("penalmt: 2 classes; 20 images to train on, 8 to validate on\n"))
      << outcome.errors;
  for (const char* file : {"recipe.json", "metrics.jsonl", "best/model.safetensors",
                           "averaged/model.json", "checkpoints/00000030/state.json"})
    EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / file)) << file;

  const std::string blue = folder_ / "data/test/blue/000.ppm",
                    red = folder_ / "data/test/red/001.ppm";
  const Outcome two = run_penalmt(predict({red, blue}));
  ASSERT_EQ(two.status, 0) << two.errors;
  EXPECT_EQ(two.output.find(red + "\tred\t0."), 0u) << two.output;
  EXPECT_NE(two.output.find("\n" + blue + "\tblue\t0."), std::string::npos) << two.output;

  const Outcome labelled = run_penalmt(predict({"--labelled", folder_ / "data/test"}));
  ASSERT_EQ(labelled.status, 0) << labelled.errors;
  EXPECT_TRUE(labelled.output.starts_with("accuracy 100.00 % (6 of 6 images), nll 0."))
      << labelled.output;
  EXPECT_TRUE(
      labelled.output.ends_with("\n\n"
                                "is \\ as     blue      red\n"
                                "blue           3        0\n"
                                "red            0        3\n"))
      << labelled.output;
}

TEST_F(ClassifyCommand, ItsEncoderBeginsATranslationModel) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  ASSERT_EQ(run_penalmt({"shapes", "--out", folder_ / "corpus", "--train", "40", "--val", "4",
                         "--test", "4"})
                .status,
            0);
  write_file(folder_ / "translate.json", R"({
  "data": {"folder": ")" + (folder_ / "corpus").string() +
                                             R"("},
  "tokenizer": {"vocabulary": 120, "exact_vocabulary": false},
  "model": {"width": 16, "feed_forward": 32, "heads": 2, "encoder_layers": 1, "decoder_layers": 1, "fusion": "gated",
            "image_encoder": {"kind": "resnet", "size": 8, "width": 8, "stages": 2}},
  "training": {"batch_tokens": 200, "accumulate": 1, "updates": 2, "warmup": 1, "validate_bleu": false}
})");
  const Outcome outcome = run_penalmt({"train", folder_ / "translate.json", "--out",
                                       folder_ / "translation", "--threads", "1", "--set",
                                       "training.initial_weights=" + (folder_ / "run").string()});
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  const size_t said = outcome.errors.find("tensors taken; drawn anew: decoder (");
  EXPECT_NE(said, std::string::npos) << outcome.errors;
  EXPECT_EQ(outcome.errors.find("image_encoder", said), std::string::npos) << outcome.errors;
}

TEST_F(ClassifyCommand, PrintsJson) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  const Outcome folder =
      run_penalmt(predict({"--folder", folder_ / "data/test/red", "--top", "2", "--json"}));
  ASSERT_EQ(folder.status, 0) << folder.errors;
  const std::vector<std::string_view> lines = split(folder.output, '\n');
  ASSERT_EQ(lines.size(), 4u);  // three images, and nothing after the last newline
  for (int i = 0; i < 3; ++i) {
    const auto object = nlohmann::json::parse(lines[i]);
    EXPECT_EQ(object["name"],
              (folder_ / ("data/test/red/00" + std::to_string(i) + ".ppm")).string());
    EXPECT_EQ(object["class"], "red");
    EXPECT_EQ(object["top"][0]["probability"], object["probability"]);
    EXPECT_EQ(object["top"][1]["class"], "blue");
    EXPECT_NEAR(object["top"][0]["probability"].get<double>() +
                    object["top"][1]["probability"].get<double>(),
                1, 1e-6);
  }
  // What a terminal would take for a command, or a table for a line's end, is spelt out.
  copy_file(folder_ / "data/test/red/000.ppm", folder_ / "e\x1b[31m\n.ppm");
  const Outcome spelt = run_penalmt(predict({folder_ / "e\x1b[31m\n.ppm"}));
  EXPECT_EQ(folder_.without_path(spelt.output).substr(0, 20), "e\\x1b[31m\\n.ppm\tred\t")
      << spelt.errors;

  const Outcome labelled = run_penalmt(predict({"--labelled", folder_ / "data/test", "--json"}));
  ASSERT_EQ(labelled.status, 0) << labelled.errors;
  nlohmann::json report = nlohmann::json::parse(labelled.output);
  EXPECT_GT(report["nll"].get<double>(), 0);
  report.erase("nll");
  EXPECT_EQ(
      report,
      nlohmann::json::parse(
          R"({"images": 6, "right": 6, "accuracy": 1.0, "classes": ["blue", "red"], "confusion": [[3, 0], [0, 3]]})"));
}

TEST_F(ClassifyCommand, InterruptedAndResumedEqualsUninterruptedToTheBit) {
  const std::vector<std::string> longer = {"--set", "training.updates=1500", "--set",
                                           "training.validate_every=500"};
  ASSERT_EQ(run_penalmt(train("whole", longer)).status, 0);
  std::vector<std::string> resumed = train("parts", longer);
  resumed.push_back("--resume");
  const Parts parts = run_in_parts(resumed);
  ASSERT_EQ(parts.status, 0) << parts.errors;
  EXPECT_GE(parts.interruptions, 1);
  for (const char* file : {"checkpoints/00001500/model.safetensors",
                           "checkpoints/00001500/optimiser.safetensors", "best/model.safetensors"})
    EXPECT_TRUE(read_file(folder_ / "parts" / file) == read_file(folder_ / "whole" / file)) << file;
  EXPECT_EQ(read_lines(folder_ / "parts/metrics.jsonl").size(),
            read_lines(folder_ / "whole/metrics.jsonl").size());
}

TEST_F(ClassifyCommand, RefusesBeforeAnythingIsWritten) {
  EXPECT_EQ(refusal({"classify", "train"}),
            "penalmt: classify train: no recipe given; expected 'penalmt classify train RECIPE "
            "--out RUN'\n");
  EXPECT_EQ(refusal({"classify", "train", recipe_}),
            "penalmt: classify train: no run folder given; expected '--out RUN'\n");
  EXPECT_EQ(
      refusal(train("data")),
      "penalmt: data: already holds files; expected a new folder; continue a run with --resume\n");
  EXPECT_EQ(refusal(train("run", {"--set", "training.btach=5"})),
            "penalmt: set: training.btach: unknown key; did you mean 'training.batch'?\n");
  EXPECT_EQ(refusal(train("run", {"--set", "data.folder=$PENALMT_UNSET"})),
            "penalmt: data.folder: the environment variable PENALMT_UNSET is not set; set it to "
            "the folder of the "
            "corpus, or give the "
            "folder itself\n");
  EXPECT_EQ(refusal(train("run", {"--set", "data.valid=14"})),
            "penalmt: data/train/blue: got 14 images, expected more than data.valid = 14\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
  std::filesystem::rename(folder_ / "data/train/red", folder_ / "data/train/r\xe9");
  write_file(folder_ / "data/train/blue/000.ppm", "broken");  // names come first
  EXPECT_EQ(refusal(train("run")),
            "penalmt: data/train/r\\xe9: the class's name is no UTF-8; rename the folder\n");
}

TEST_F(ClassifyCommand, RefusesToContinueWithAnotherRecipe) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  EXPECT_EQ(refusal(train("run", {"--resume", "--set", "tau=0"})),
            "penalmt: run/recipe.json: tau: got 0.0, the run began with 1e-05\n"
            "penalmt: run: without the recipe, --resume goes on as it began, at update 30; only "
            "training.patience, divergence, keep_* and, without linear decay, training.updates may "
            "change\n");
  std::filesystem::remove_all(folder_ / "data/test");
  const Outcome outcome = run_penalmt({"classify", "train", "--out", folder_ / "run", "--resume",
                                       "--threads", "1", "--device", "cpu"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
}

TEST_F(ClassifyCommand, RefusesToPredictWhatItCannot) {
  EXPECT_EQ(refusal(predict({})),
            "penalmt: run: no such folder; expected a run folder or a checkpoint folder\n");
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  EXPECT_EQ(refusal(predict({})),
            "penalmt: classify predict: got no images; expected images, --folder DIR or --labelled "
            "DIR\n");
  EXPECT_EQ(refusal(predict({"a.ppm", "--folder", "b"})),
            "penalmt: classify predict: got several of them; expected images, --folder DIR or "
            "--labelled DIR\n");
  EXPECT_EQ(refusal(predict({folder_ / "a.ppm"})),
            "penalmt: a.ppm: cannot read: No such file or directory\n");
  EXPECT_EQ(refusal(predict({recipe_, folder_ / "data/test/red/000"})),
            "penalmt: data/test/red/000: cannot read: No such file or directory; did you mean "
            "'data/test/red/000.ppm'?\n");  // before the first is looked at
  EXPECT_EQ(refusal(predict({recipe_})),
            "penalmt: recipe.json: not an image that can be decoded\n");
  const std::string image = folder_ / "data/test/red/000.ppm";
  const Outcome two = run_penalmt(predict({recipe_, image, "--skip-broken"}));
  EXPECT_EQ(two.output, run_penalmt(predict({image})).output);
  EXPECT_EQ(folder_.without_path(two.errors),
            "penalmt: warning: recipe.json: not an image that can be decoded\n");
  EXPECT_EQ(refusal(predict({"--labelled", folder_ / "data/test", "--skip-broken"})),
            "penalmt: --skip-broken: got --labelled too; expected one of them: a share is of all "
            "images\n");
  EXPECT_EQ(refusal(predict({recipe_, "--top", "3"})),
            "penalmt: --top: got 3, expected at most 2, the number of classes\n");
  EXPECT_EQ(refusal(predict({"--labelled", folder_ / "data/test", "--top", "2"})),
            "penalmt: --top: got --labelled too; expected one of them\n");
  EXPECT_EQ(refusal(predict({"--folder", folder_ / "none"})),
            "penalmt: none: no such folder; expected a folder of images\n");
  std::filesystem::rename(folder_ / "data/test/red", folder_ / "data/test/rad");
  EXPECT_EQ(
      refusal(predict({"--labelled", folder_ / "data/test"})),
      "penalmt: data/test: unknown class 'rad'; expected one of blue, red; did you mean 'red'?\n");
}

}  // namespace
}  // namespace penalmt
