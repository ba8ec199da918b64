// penalmt train as a user runs it: a run folder out, Ctrl-C and resume, refusals.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

// A small corpus of drawn scenes and a small model on it.
class TrainCommand : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run_penalmt({"shapes", "--out", folder_ / "corpus", "--train", "60", "--val", "8",
                           "--test", "4"})
                  .status,
              0);
    write_file(recipe_, R"({
  "data": {"folder": ")" + (folder_ / "corpus").string() +
                            R"("},
  "tokenizer": {"vocabulary": 120, "exact_vocabulary": false},
  "model": {"width": 16, "feed_forward": 32, "heads": 2, "encoder_layers": 1, "decoder_layers": 1, "fusion": "gated",
            "image_encoder": {"size": 32, "patch": 8, "width": 16, "feed_forward": 32, "heads": 2, "layers": 1}},
  "training": {"batch_tokens": 200, "accumulate": 1, "updates": 12, "validate_every": 6, "warmup": 5, "average": 2}
})");
  }
  std::vector<std::string> train(const std::string& run,
                                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"train",     recipe_, "--out",    folder_ / run,
                                          "--threads", "1",     "--device", "cpu"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string refusal(const std::vector<std::string>& arguments) {
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return folder_.without_path(outcome.errors);
  }

  const TemporaryFolder folder_;
  const std::string recipe_ = folder_ / "recipe.json";
};

TEST_F(TrainCommand, WarnsOfSentencesLongerThanABatch) {
  const Outcome outcome =
      run_penalmt(train("run", {"--set=training.batch_tokens=8", "--set=training.updates=6"}));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  const std::size_t at = outcome.errors.find("penalmt: warning: data: split 'train': ");
  ASSERT_NE(at, std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find(" of 60 sentences have more than training.batch_tokens = 8 pieces, "
                                "the longest, of line ",
                                at),
            std::string::npos)
      << outcome.errors;
  EXPECT_EQ(run_penalmt(train("wide")).errors.find("training.batch_tokens = "), std::string::npos);
}

TEST_F(TrainCommand, LeavesARunFolderThatTranslates) {
  const Outcome outcome = run_penalmt(train("run"));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  for (const char* file :
       {"recipe.json", "metrics.jsonl", "tokenizer.model", "best/model.safetensors",
        "averaged/model.json", "checkpoints/00000006/model.safetensors",
        "checkpoints/00000012/state.json"})
    EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / file)) << file;
  EXPECT_EQ(read_lines(folder_ / "run/metrics.jsonl").size(), 2u);
  const std::string corpus = folder_ / "corpus";
  const Outcome translated = run_penalmt(
      {"translate", folder_ / "run", "--input", corpus + "/tok/test.lc.norm.tok.en", "--images",
       corpus + "/image_splits/test.txt", "--image-root", corpus + "/images"});
  EXPECT_EQ(translated.status, 0) << translated.errors;
  EXPECT_EQ(std::count(translated.output.begin(), translated.output.end(), '\n'), 4);
}

// Where the recipe is silent, the processor decides, once a run: recipe.json says what was taken,
// and a resume elsewhere keeps it.
TEST_F(TrainCommand, SettlesItsPrecisionOnceARun) {
  const auto taken = [&](const std::string& run) {
    return nlohmann::json::parse(read_file(folder_ / run / "recipe.json"))["training"]["precision"]
        .get<std::string>();
  };
  ::setenv("ATEN_CPU_CAPABILITY", "avx2", 1);  // a processor that does not multiply bfloat16
  const Outcome lesser = run_penalmt(train("lesser", {"--set", "training.updates=6"}));
  ::unsetenv("ATEN_CPU_CAPABILITY");
  ASSERT_EQ(lesser.status, 0) << lesser.errors;
  EXPECT_EQ(taken("lesser"), "float32");
  const Outcome resumed = run_penalmt(train("lesser", {"--resume"}));
  ASSERT_EQ(resumed.status, 0) << resumed.errors;
  EXPECT_EQ(taken("lesser"), "float32");
  const Outcome here = run_penalmt(train("here", {"--set", "training.updates=6"}));
  ASSERT_EQ(here.status, 0) << here.errors;
  EXPECT_TRUE(taken("here") == "float32" || taken("here") == "bfloat16") << taken("here");
}

// Whatever the defaults leave out: vocabularies of their own, every dropout, bfloat16, the other
// norm, activation and positions.
TEST_F(TrainCommand, OtherChoicesTrainAndTranslateToo) {
  std::vector<std::string> choices;
  for (const char* choice :
       {"model.embeddings=separate", "model.norm=pre", "model.activation=gelu",
        "model.positions=learned", "model.longest=64", "model.attention_dropout=0.1",
        "model.activation_dropout=0.1", "model.fusion=selective", "tokenizer.kind=unigram",
        "tokenizer.vocabulary=60", "training.precision=bfloat16", "training.clip_norm=1",
        "training.accumulate=2"})
    choices.insert(choices.end(), {"--set", choice});
  const Outcome outcome = run_penalmt(train("run", choices));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  for (const char* file : {"source.model", "target.model", "averaged/model.safetensors"})
    EXPECT_TRUE(std::filesystem::exists(folder_ / "run" / file)) << file;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/tokenizer.model"));
  const std::vector<std::string> metrics = read_lines(folder_ / "run/metrics.jsonl");
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_LT(nlohmann::json::parse(metrics[1]).at("valid_nll").get<double>(),
            nlohmann::json::parse(metrics[0]).at("valid_nll").get<double>());
  const std::string corpus = folder_ / "corpus";
  const Outcome translated = run_penalmt(
      {"translate", folder_ / "run", "--input", corpus + "/tok/test.lc.norm.tok.en", "--images",
       corpus + "/image_splits/test.txt", "--image-root", corpus + "/images"});
  EXPECT_EQ(translated.status, 0) << translated.errors;
  EXPECT_EQ(std::count(translated.output.begin(), translated.output.end(), '\n'), 4);
}

TEST_F(TrainCommand, NothingButTheFusionChangesBetweenFusions) {
  const std::string corpus = folder_ / "corpus";
  std::set<std::string> answers;
  for (const std::string fusion : {"gated", "concatenated", "selective", "doubly_attentive"}) {
    const Outcome outcome = run_penalmt(
        train(fusion, {"--set", "model.fusion=" + fusion, "--set", "training.image_dropout=0.2"}));
    ASSERT_EQ(outcome.status, 0) << outcome.errors;
    const Outcome translated = run_penalmt(
        {"translate", folder_ / fusion, "--input", corpus + "/tok/test.lc.norm.tok.en", "--images",
         corpus + "/image_splits/test.txt", "--image-root", corpus + "/images", "--json"});
    ASSERT_EQ(translated.status, 0) << translated.errors;
    const auto first =
        nlohmann::json::parse(translated.output.substr(0, translated.output.find('\n')));
    EXPECT_EQ(first["image_use"]["side"],
              fusion == "gated" || fusion == "selective" ? "source" : "target");
    EXPECT_EQ(first["image_use"].contains("attention"), fusion != "gated");
    answers.insert(first["score"].dump());
  }
  EXPECT_EQ(answers.size(), 4u);
  const Outcome text = run_penalmt(train("none", {"--set", "model.fusion=none"}));
  EXPECT_EQ(text.status, 0) << text.errors;
}

TEST_F(TrainCommand, CarriesTheEncoderOfItsFeatures) {
  const std::string corpus = folder_ / "corpus",
                    encoder = PENALMT_SOURCE "/tests/golden/vision/encoder-grid",
                    store = folder_ / "f.safetensors";
  const Outcome features = run_penalmt({"features", corpus + "/images", "--encoder", encoder,
                                        "--out", store, "--precision", "fp32"});
  ASSERT_EQ(features.status, 0) << features.errors;
  const std::vector<std::string> choices = {
      "--set", "model.fusion=selective", "--set", "model.image_encoder.kind=features",
      "--set", "data.features=" + store, "--set", "data.image_encoder=" + encoder};
  const Outcome outcome = run_penalmt(train("run", choices));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_NE(outcome.errors.find("train: 60 of 60 sentences have their image"), std::string::npos)
      << outcome.errors;
  std::vector<std::string> again = train("run", choices);
  again.push_back("--resume");
  EXPECT_EQ(run_penalmt(again).status, 0);

  // The photograph itself, through the encoder in the run, is what its features in the store are.
  std::filesystem::rename(folder_ / "run", folder_ / "elsewhere");
  const std::string model = folder_ / "elsewhere", input = corpus + "/tok/test.lc.norm.tok.en",
                    list = corpus + "/image_splits/test.txt";
  const Outcome stored = run_penalmt(
      {"translate", model, "--input", input, "--images", list, "--features", store, "--json"});
  const Outcome photographs = run_penalmt({"translate", model, "--input", input, "--images", list,
                                           "--image-root", corpus + "/images", "--json"});
  ASSERT_EQ(stored.status, 0) << stored.errors;
  ASSERT_EQ(photographs.status, 0) << photographs.errors;
  const auto score = [](const Outcome& answer) {
    return nlohmann::json::parse(answer.output.substr(0, answer.output.find('\n')))["score"]
        .get<double>();
  };
  EXPECT_NEAR(score(stored), score(photographs), 1e-4);
  EXPECT_EQ(
      run_penalmt({"translate", model, "--image", corpus + "/images/test-000001.png", "a circle ."})
          .status,
      0);
}

TEST_F(TrainCommand, RefusesFeaturesThatDoNotFit) {
  const std::string corpus = folder_ / "corpus", store = folder_ / "f.safetensors";
  const std::string grid = PENALMT_SOURCE "/tests/golden/vision/encoder-grid",
                    pooled = PENALMT_SOURCE "/tests/golden/vision/encoder-pooled";
  ASSERT_EQ(run_penalmt({"features", corpus + "/images", "--encoder", grid, "--out", store}).status,
            0);
  const std::vector<std::string> kind = {"--set", "model.image_encoder.kind=features"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), kind.begin(), kind.end());
    return refusal(train("run", more));
  };
  EXPECT_EQ(with({}),
            "penalmt: recipe.json: data.features: empty with model.image_encoder.kind features, "
            "expected a store, as penalmt features "
            "makes them\n");
  EXPECT_EQ(refusal(train("run", {"--set", "data.features=" + store})),
            "penalmt: recipe.json: model.image_encoder.kind: got vit with data.features, expected "
            "features\n");
  const std::string mismatch =
      with({"--set", "data.features=" + store, "--set", "data.image_encoder=" + pooled});
  EXPECT_TRUE(mismatch.starts_with("penalmt: " + pooled + ": got the encoder '")) << mismatch;
  EXPECT_TRUE(with({"--set", "data.features=" + store, "--set", "model.features.width=7"})
                  .ends_with("x 7\n"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(TrainCommand, InterruptedAndResumedEqualsUninterruptedToTheBit) {
  const std::vector<std::string> longer = {"--set", "training.updates=600", "--set",
                                           "training.validate_every=200"};
  ASSERT_EQ(run_penalmt(train("whole", longer)).status, 0);
  std::vector<std::string> resumed = train("parts", longer);
  resumed.push_back("--resume");
  const Parts parts = run_in_parts(resumed);
  ASSERT_EQ(parts.status, 0) << parts.errors;
  EXPECT_GE(parts.interruptions, 1);
  EXPECT_GE(parts.saved, 1);
  for (const char* file :
       {"checkpoints/00000600/model.safetensors", "checkpoints/00000600/optimiser.safetensors",
        "averaged/model.safetensors", "best/model.safetensors"})
    EXPECT_TRUE(read_file(folder_ / "parts" / file) == read_file(folder_ / "whole" / file)) << file;
  EXPECT_EQ(read_lines(folder_ / "parts/metrics.jsonl").size(),
            read_lines(folder_ / "whole/metrics.jsonl").size());
}

TEST_F(TrainCommand, RefusesBeforeAnythingIsWritten) {
  EXPECT_EQ(refusal(train("corpus")),
            "penalmt: corpus: already holds files; expected a new folder; continue a run with "
            "--resume\n");
  EXPECT_EQ(refusal({"train", folder_ / "none.json", "--out", folder_ / "run"}),
            "penalmt: none.json: cannot read: No such file or directory\n");
  EXPECT_EQ(refusal({"train"}),
            "penalmt: train: no recipe given; expected 'penalmt train RECIPE --out RUN'\n");
  EXPECT_EQ(refusal({"train", recipe_}),
            "penalmt: train: no run folder given; expected '--out RUN'\n");
  EXPECT_EQ(refusal(train("run", {"--set", "training.updatse=5", "--set", "model.dropout=1.5",
                                  "--set", "model.fusion=gatde"})),
            "penalmt: set: training.updatse: unknown key; did you mean 'training.updates'?\n"
            "penalmt: set: model.dropout: got 1.5, expected number, 0 to 0.99\n"
            "penalmt: set: model.fusion: got \"gatde\", expected one of none, gated, "
            "concatenated, selective, doubly_attentive; did you mean 'gated'?\n");
  EXPECT_EQ(refusal(train("run", {"--set", "model.heads=3"})),
            "penalmt: set: model.heads: got 3, expected a divisor of width 16\n");
  EXPECT_EQ(refusal(train("run", {"--set", "data.folder=$PENALMT_UNSET"})),
            "penalmt: data.folder: the environment variable PENALMT_UNSET is not set; set it to "
            "the folder of the corpus, or give the "
            "folder itself\n");
  for (const auto& image : std::filesystem::directory_iterator(folder_ / "corpus/images"))
    std::filesystem::remove(image);
  EXPECT_EQ(refusal(train("run")),
            "penalmt: corpus/images: not one of the images of 60 lines is there; expected files "
            "such as 'train-000001.png'\n");
  std::filesystem::remove(folder_ / "corpus/image_splits/train.txt");
  EXPECT_EQ(refusal(train("run")),
            "penalmt: data: split 'train' has no list of images; model.fusion 'gated' needs one\n");
  write_file(folder_ / "corpus/tok/train.lc.norm.tok.de", "ein kreis .\n");
  EXPECT_EQ(refusal(train("run")),
            "penalmt: corpus/tok/train.lc.norm.tok.en: 60 lines, but "
            "corpus/tok/train.lc.norm.tok.de has 1; line i of one must belong to "
            "line i of the other\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(TrainCommand, ADryRunSaysWhatATrainingWouldBeAndWritesNothing) {
  const Outcome outcome = run_penalmt(train("run", {"--dry-run", "--set=training.accumulate=2"}));
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  std::vector<std::string> lines;
  for (const std::string_view line : split(outcome.output, '\n')) lines.emplace_back(line);
  ASSERT_EQ(lines.size(), 8u) << outcome.output;
  EXPECT_TRUE(lines[0].ends_with(" pieces for both languages")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("train       60 sentences, 60 with images; source "))
      << lines[1];
  EXPECT_TRUE(lines[2].starts_with("valid       8 sentences, 8 with images; source ")) << lines[2];
  EXPECT_TRUE(lines[3].starts_with("model       fusion gated, ")) << lines[3];
  EXPECT_TRUE(lines[4].starts_with("epoch       ")) << lines[4];
  EXPECT_NE(lines[5].find(" MB weights, gradients and optimiser; "), std::string::npos) << lines[5];
  EXPECT_NE(lines[6].find(" for 12 updates, validation not counted ("), std::string::npos)
      << lines[6];
  EXPECT_TRUE(lines[6].ends_with(" with 1 thread)")) << lines[6];
  EXPECT_EQ(lines[7], "");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));

  EXPECT_EQ(refusal({"train", recipe_, "--dry-run", "--processes", "2"}),
            "penalmt: --dry-run: works in one process, got --processes 2\n");
  EXPECT_EQ(refusal({"train", "--dry-run"}),
            "penalmt: train: no recipe given; expected 'penalmt train RECIPE --out RUN'\n");
}

TEST_F(TrainCommand, PrintsTheWholeRecipeAndDoesNothingElse) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  auto written = nlohmann::json::parse(read_file(folder_ / "run/recipe.json"));
  std::filesystem::remove_all(folder_ / "corpus");
  const Outcome printed = run_penalmt(
      {"train", recipe_, "--print-recipe", "--set", "training.seed=7", "--out", folder_ / "other"});
  ASSERT_EQ(printed.status, 0) << printed.errors;
  EXPECT_EQ(printed.errors, "");
  written["training"]["seed"] = 7;
  written["training"]["precision"] = "auto";  // settled where it trains
  EXPECT_EQ(nlohmann::json::parse(printed.output), written);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other"));
  write_file(folder_ / "again.json", printed.output);
  EXPECT_EQ(run_penalmt({"train", folder_ / "again.json", "--print-recipe"}).output,
            printed.output);
  EXPECT_EQ(run_penalmt({"train", "--out", folder_ / "run", "--resume", "--print-recipe"}).output,
            read_file(folder_ / "run/recipe.json"));
  EXPECT_EQ(refusal({"train", recipe_, "--print-recipe", "--set", "model.heads=3"}),
            "penalmt: set: model.heads: got 3, expected a divisor of width 16\n");
}

TEST_F(TrainCommand, RefusesToContinueWhatIsNoRun) {
  EXPECT_EQ(refusal(train("corpus", {"--resume"})),
            "penalmt: corpus: holds files but no recipe.json; expected a run to continue, or a new "
            "folder\n");
}

TEST_F(TrainCommand, ContinuesARunWhoseRecipeLacksANewerField) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  nlohmann::json recipe = nlohmann::json::parse(read_file(folder_ / "run/recipe.json"));
  recipe["training"].erase("decay");
  write_file(folder_ / "run/recipe.json", recipe.dump());
  const Outcome outcome = run_penalmt(train("run", {"--resume"}));
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
}

TEST_F(TrainCommand, GoesOnWhereMoreUpdatesAreAskedOfAFinishedRun) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  const Outcome outcome = run_penalmt(train("run", {"--resume", "--set", "training.updates=18"}));
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/checkpoints/00000018/state.json"));
}

TEST_F(TrainCommand, RefusesToContinueWithAnotherRecipe) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  EXPECT_EQ(refusal(train("run", {"--resume", "--set", "training.warmup=7"})),
            "penalmt: run/recipe.json: training.warmup: got 7, the run began with 5\n"
            "penalmt: run: without the recipe, --resume goes on as it began, at update 12; only "
            "training.patience, divergence, keep_* and, without linear decay, training.updates may "
            "change\n");
  EXPECT_EQ(
      refusal(train("run", {"--resume", "--set", "model.dropout=0", "--set", "data.text=raw"})),
      "penalmt: run/recipe.json: data.text: got \"raw\", the run began with \"tok\"\n"
      "penalmt: run/recipe.json: model.dropout: got 0.0, the run began with 0.3\n"
      "penalmt: run: without the recipe, --resume goes on as it began, at update 12; only "
      "training.patience, divergence, keep_* and, without linear decay, training.updates may "
      "change\n");
}

TEST_F(TrainCommand, RefusesToContinueALinearDecayWithOtherUpdates) {
  ASSERT_EQ(
      run_penalmt(train("run", {"--set", "training.decay=linear", "--set", "training.warmup=1"}))
          .status,
      0);
  EXPECT_EQ(refusal(train("run", {"--resume", "--set", "training.decay=linear", "--set",
                                  "training.warmup=1", "--set", "training.updates=99"})),
            "penalmt: run/recipe.json: training.updates: got 99, the run began with 12\n"
            "penalmt: run: without the recipe, --resume goes on as it began, at update 12; only "
            "training.patience, divergence, keep_* and, without linear decay, training.updates may "
            "change\n");
}

TEST_F(TrainCommand, ResumeAloneGoesOn) {
  EXPECT_EQ(refusal({"train", "--out", folder_ / "run", "--resume"}),
            "penalmt: run: no recipe.json there; expected a run to continue, or a recipe to begin "
            "with\n");
  const Outcome begun = run_penalmt(train("run", {"--set", "training.updates=6"}));
  ASSERT_EQ(begun.status, 0) << begun.errors;
  const Outcome outcome = run_penalmt({"train", "--out", folder_ / "run", "--resume", "--threads",
                                       "1", "--device", "cpu", "--set", "training.updates = 12"});
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_NE(folder_.without_path(outcome.errors).find("penalmt: run: goes on at update 6\n"),
            std::string::npos)
      << outcome.errors;
  ASSERT_EQ(run_penalmt(train("whole")).status, 0);
  for (const char* file : {"checkpoints/00000012/model.safetensors", "averaged/model.safetensors"})
    EXPECT_TRUE(read_file(folder_ / "run" / file) == read_file(folder_ / "whole" / file)) << file;
}

// PENALMT_FAULT_AT counts the calls that change the disk (base/disk.h): a start writes recipe.json,
// then the tokenizer, with three calls each.
TEST_F(TrainCommand, AStartThatWasKilledBlocksNothing) {
  const std::vector<std::string> one = {"--set", "training.updates=1", "--set",
                                        "training.validate_bleu=false"};
  int number = 0;
  for (const char* fault : {"1", "2", "3", "5", "full:1", "full:5"}) {
    const std::string name = "run" + std::to_string(number++);
    setenv("PENALMT_FAULT_AT", fault, 1);
    const Outcome ended = run_penalmt(train(name, one));
    unsetenv("PENALMT_FAULT_AT");
    EXPECT_EQ(ended.status, fault[0] == 'f' ? 1 : 137) << fault << ": " << ended.errors;
    std::vector<std::string> again = one;
    if (number % 2 == 0) again.emplace_back("--resume");
    const Outcome outcome = run_penalmt(train(name, again));
    EXPECT_EQ(outcome.status, 0) << fault << ": " << outcome.errors;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / name))
      EXPECT_NE(entry.path().filename().string()[0], '.') << fault << ": " << entry.path();
  }
}

TEST_F(TrainCommand, AFailedStartIsBegunAnewWithAnyRecipe) {
  setenv("PENALMT_FAULT_AT", "6", 1);
  EXPECT_EQ(run_penalmt(train("run")).status, 137);
  unsetenv("PENALMT_FAULT_AT");
  const Outcome outcome = run_penalmt(train("run", {"--set", "training.warmup=7"}));
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
}

TEST_F(TrainCommand, OneProcessTrainsInAFolder) {
  const std::vector<std::string> longer = {"--set", "training.updates=100000"};
  const std::string metrics = folder_ / "run/metrics.jsonl";
  Outcome second;
  const Outcome first = signal_penalmt(train("run", longer), metrics, {SIGINT},
                                       [&] { second = run_penalmt(train("run", {"--resume"})); });
  EXPECT_EQ(second.status, 2);
  const std::string said = folder_.without_path(second.errors);
  EXPECT_TRUE(said.starts_with("penalmt: run: in use by process ")) << said;
  EXPECT_TRUE(said.ends_with(
      " UTC; expected a folder that no other process trains in; wait for it, or stop it\n"))
      << said;
  EXPECT_EQ(first.status, 130);
}

TEST_F(TrainCommand, AClosedTerminalSavesAndASecondCtrlCLosesNothing) {
  const std::vector<std::string> longer = {"--set", "training.updates=600", "--set",
                                           "training.validate_every=200"};
  ASSERT_EQ(run_penalmt(train("whole", longer)).status, 0);
  const std::string metrics = folder_ / "run/metrics.jsonl";
  std::vector<std::string> resumed = train("run", longer);
  resumed.emplace_back("--resume");
  std::signal(SIGHUP, SIG_DFL);  // where the tests themselves run under nohup
  const Outcome closed = signal_penalmt(resumed, metrics, {SIGHUP, SIGHUP});
  EXPECT_EQ(closed.status, 130);
  EXPECT_NE(closed.errors.find("; continue with --resume\n"), std::string::npos) << closed.errors;
  const Outcome hasty =
      signal_penalmt(resumed, folder_ / "run/checkpoints/00000400/state.json", {SIGINT, SIGINT});
  EXPECT_EQ(hasty.status, 130);
  EXPECT_EQ(run_penalmt(resumed).status, 0);
  for (const char* file :
       {"checkpoints/00000600/model.safetensors", "checkpoints/00000600/optimiser.safetensors",
        "averaged/model.safetensors", "best/model.safetensors"})
    EXPECT_TRUE(read_file(folder_ / "run" / file) == read_file(folder_ / "whole" / file)) << file;
  EXPECT_EQ(read_lines(metrics).size(), read_lines(folder_ / "whole/metrics.jsonl").size());
}

// Neither a new start nor --resume knows the run: each says the same way out.
TEST_F(TrainCommand, SaysWhatToDoWhereTheRecipeOfARunIsLost) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  const std::string recipe = folder_ / "run/recipe.json", sound = read_file(recipe);
  const std::string way_out =
      "; copy the recipe that the run began with to run/recipe.json and give --resume, or begin in "
      "a new folder\n";
  const std::vector<std::vector<std::string>> starts = {
      train("run"), train("run", {"--resume"}), {"train", "--out", folder_ / "run", "--resume"}};
  write_file(recipe, sound.substr(0, 20));
  for (const std::vector<std::string>& start : starts) {
    const std::string said = refusal(start);
    EXPECT_EQ(said.substr(0, 34), "penalmt: run/recipe.json:3:5: not ") << said;
    EXPECT_TRUE(said.ends_with(way_out)) << said;
  }
  std::filesystem::remove(recipe);
  for (const std::vector<std::string>& start : starts)
    EXPECT_EQ(refusal(start), "penalmt: run: holds checkpoints but no recipe.json" + way_out);
  write_file(recipe, sound);
  EXPECT_EQ(run_penalmt(starts[2]).status, 0);
}

TEST_F(TrainCommand, SaysWhatToDoWhereNothingOfARunCanBeGoneOnWith) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  const std::string recipe = folder_ / "run/recipe.json";
  for (const char* part : {"checkpoints", "best", "averaged"})
    std::filesystem::remove_all(folder_ / "run" / part);
  write_file(recipe, read_file(recipe).substr(0, 20));
  for (const std::vector<std::string>& start :
       {train("run"), train("run", {"--resume"}),
        std::vector<std::string>{"train", "--out", folder_ / "run", "--resume"}}) {
    const std::string said = refusal(start);
    EXPECT_EQ(said.substr(0, 34), "penalmt: run/recipe.json:3:5: not ") << said;
    EXPECT_TRUE(
        said.ends_with("; there is no checkpoint to go on from: begin with a recipe in a "
                       "new folder, or remove this one first\n"))
        << said;
  }
  EXPECT_EQ(refusal({"train", folder_ / "run", "--out", folder_ / "new"}),
            "penalmt: run: a folder, expected a recipe; a run is gone on with by --resume --out "
            "run\n");
}

TEST_F(TrainCommand, FindsLinesOfARunThatWereChanged) {
  ASSERT_EQ(run_penalmt(train("run")).status, 0);
  const std::string metrics = folder_ / "run/metrics.jsonl", sound = read_file(metrics);
  for (const std::string& line : {std::string("{\"update\":"), std::string(5000, '[')}) {
    write_file(metrics, line + "\n" + sound.substr(sound.find('\n') + 1));
    const std::string said = refusal(train("run", {"--resume"}));
    EXPECT_TRUE(said.ends_with(
        "\npenalmt: run/metrics.jsonl:1: not JSON; expected an object, as the run wrote it; put "
        "the line right, or remove the file: the run goes on without it\n"))
        << said;
  }
  std::filesystem::remove(metrics);
  EXPECT_EQ(run_penalmt(train("run", {"--resume"})).status, 0);
}

TEST_F(TrainCommand, WhereItCannotWriteIsFoundBeforeTheDataIsRead) {
  std::filesystem::remove_all(folder_ / "corpus");
  EXPECT_EQ(refusal(train("recipe.json")), "penalmt: recipe.json: cannot write: Not a directory\n");
  EXPECT_EQ(refusal(train("recipe.json/run")),
            "penalmt: recipe.json/run: cannot write: Not a directory\n");
}

TEST_F(TrainCommand, TakesRecipesAsPeopleWriteThem) {
  setenv("HOME", folder_.path().c_str(), 1);
  const Outcome outcome =
      run_penalmt(train("run", {"--set", "data.folder = ~/corpus", "--set", "training.updates =1",
                                "--set", "model.fusion=none"}));
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(refusal(train("new", {"--set", "lr=0.1", "--set", "training.lr=0.1"})),
            "penalmt: set: lr: unknown key; did you mean 'training.learning_rate'?\n"
            "penalmt: set: training.lr: unknown key; did you mean "
            "'training.learning_rate'?\n");
  std::vector<std::string> spaced = train("new");
  spaced.insert(spaced.end(), {"--set", "training.updates", "=", "5"});
  EXPECT_EQ(refusal(spaced),
            "penalmt: train: --set: got 'training.updates', expected key=value without spaces "
            "around '='; a recipe stands before --set\n");
  EXPECT_EQ(refusal({"train", "--set", "training.updates=5", recipe_, "--out", folder_ / "new"}),
            "penalmt: train: --set: got 'recipe.json', expected key=value without spaces around "
            "'='; a recipe stands before --set\n");
}

TEST_F(TrainCommand, TellsAClassifiersRecipeFromItsOwn) {
  EXPECT_EQ(refusal({"classify", "train", recipe_, "--out", folder_ / "run"}),
            "penalmt: recipe.json: got a translation model's recipe, by its key 'model', expected "
            "a classifier's; it is for penalmt train\n");
  write_file(folder_ / "classifier.json", R"({"image_encoder": {"kind": "resnet"}})");
  EXPECT_EQ(refusal({"train", folder_ / "classifier.json", "--out", folder_ / "run"}),
            "penalmt: classifier.json: got a classifier's recipe, by its key 'image_encoder', "
            "expected a translation model's; it is for penalmt classify train\n");
}

TEST_F(TrainCommand, RefusesInitialWeightsWithOtherVocabulariesBeforeTheDataIsRead) {
  ASSERT_EQ(
      run_penalmt(train("separate", {"--set", "model.embeddings=separate", "--set",
                                     "tokenizer.vocabulary=60", "--set", "training.updates=1"}))
          .status,
      0);
  std::filesystem::remove_all(folder_ / "corpus");
  EXPECT_EQ(refusal(train("shared", {"--set", "training.initial_weights=" +
                                                  (folder_ / "separate").string()})),
            "penalmt: training.initial_weights: separate/averaged: got model.embeddings separate, "
            "of separate/source.model and separate/target.model, expected shared, of one "
            "tokenizer.model; set model.embeddings=separate\n");
}

TEST_F(TrainCommand, ARunWithoutAValidationSaysThatItHasCheckpoints) {
  std::vector<std::string> longer =
      train("run", {"--set", "training.updates=100000", "--set", "training.validate_every=100000"});
  const std::string begun = folder_ / "run/tokenizer.model";
  for (int part = 0; part < 20 && !std::filesystem::exists(folder_ / "run/checkpoints"); ++part) {
    EXPECT_EQ(
        signal_penalmt(longer, begun, {SIGTERM}, [&] { usleep(300'000 * (part + 1)); }).status,
        130);
    longer.emplace_back("--resume");
  }
  const auto checkpoint =
      std::filesystem::directory_iterator(folder_ / "run/checkpoints")->path().filename().string();
  EXPECT_EQ(refusal({"translate", folder_ / "run", "a circle ."}),
            "penalmt: run: no validation is done yet, so there is neither averaged/ nor best/; a "
            "checkpoint is there: run/checkpoints/" +
                checkpoint + "\n");
}

TEST_F(TrainCommand, AFullDiskIsTheMachinesFaultAndLeavesNothingHalfWritten) {
  std::filesystem::create_directory(folder_ / "small");
  if (mount("tmpfs", (folder_ / "small").c_str(), "tmpfs", 0, "size=96k") != 0)
    GTEST_SKIP() << "may not mount a small disk";
  const Outcome outcome = run_penalmt(train("small/run"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.errors.find("cannot write: No space left on device\n"), std::string::npos)
      << outcome.errors;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "small/run/best"));
  EXPECT_TRUE(!std::filesystem::exists(folder_ / "small/run/checkpoints") ||
              std::filesystem::is_empty(folder_ / "small/run/checkpoints"));
  umount((folder_ / "small").c_str());
}

}  // namespace
}  // namespace penalmt
