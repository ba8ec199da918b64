// The program on a GPU that is not there (tests/emulated_cuda): it takes its GPU branches and runs
// its own kernels, and must find what the CPU finds, dropout and all; and it must not ask much of
// the GPU.
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/emulated_gpu.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt::gpu_test {

// What the device was asked for in all, as the emulation reports at the end.
struct Work {
  long launches = 0, waits = 0, copies_to_host = 0, copies_to_device = 0, bytes = 0;
};

Work work_of(const std::string& errors) {
  Work work;
  const std::size_t at = errors.find("emulated cuda: ");
  EXPECT_NE(at, std::string::npos) << errors;
  if (at != std::string::npos)
    EXPECT_EQ(std::sscanf(errors.c_str() + at,
                          "emulated cuda: %ld operators, %ld waits of the host (item, nonzero), "
                          "%ld copies to the host, %ld to the device, %ld bytes at most",
                          &work.launches, &work.waits, &work.copies_to_host, &work.copies_to_device,
                          &work.bytes),
              5);
  return work;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n'))
    if (!line.empty()) lines.emplace_back(line);
  return lines;
}

// A corpus of drawn scenes and small models of it.
class OnGpu : public testing::Test {
 protected:
  void SetUp() override {
    if (!exists(kEmulatedGpu)) GTEST_SKIP() << "no emulated GPU: a build with sanitizers has none";
    ASSERT_EQ(run_penalmt({"shapes", "--out", folder_ / "corpus", "--train", "40", "--val", "8",
                           "--test", "6", "--size", "32"})
                  .status,
              0);
    write_file(recipe_, R"({
  "data": {"folder": ")" + (folder_ / "corpus").string() +
                            R"("},
  "tokenizer": {"vocabulary": 120, "exact_vocabulary": false},
  "model": {"width": 48, "feed_forward": 64, "heads": 3, "encoder_layers": 2, "decoder_layers": 2, "dropout": 0.3,
            "tau": {"encoder": 0.02, "decoder": 0.01, "fusion": 0.01, "image_encoder": 0.01},
            "image_encoder": {"size": 32, "patch": 8, "width": 16, "feed_forward": 32, "heads": 2, "layers": 1, "dropout": 0.1}},
  "training": {"batch_tokens": 200, "accumulate": 2, "updates": 4, "validate_every": 2, "warmup": 2, "average": 2,
               "precision": "float32"}
})");
  }

  Outcome run(const std::vector<std::string>& arguments, const std::string& device) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--threads", "1", "--device", device});
    if (device == "cpu") return run_penalmt(all);
    const EmulatedGpu here;
    return run_penalmt(all);
  }
  Outcome train(const std::string& name, const std::vector<std::string>& settings,
                const std::string& device) {
    std::vector<std::string> arguments = {"train", recipe_, "--out", folder_ / name};
    for (const std::string& setting : settings) arguments.push_back("--set=" + setting);
    return run(arguments, device);
  }
  nlohmann::json last_metrics(const std::string& name) const {
    return nlohmann::json::parse(read_lines(folder_ / name / "metrics.jsonl").back());
  }
  // Trains on both; the losses of the last updates and of validation must agree.
  void expect_as_on_cpu(const std::vector<std::string>& settings, double relative = 2e-6) {
    const std::string name = "run" + std::to_string(runs_++);
    for (const std::string device : {"cpu", "cuda"}) {
      const Outcome outcome = train(name + device, settings, device);
      ASSERT_EQ(outcome.status, 0) << outcome.errors;
    }
    const nlohmann::json cpu = last_metrics(name + "cpu"), gpu = last_metrics(name + "cuda");
    for (const char* key : {"loss", "nll", "valid_nll"}) {
      const double expected = cpu[key].get<double>();
      EXPECT_NEAR(gpu[key].get<double>(), expected, relative * std::abs(expected))
          << key << " with " << nlohmann::json(settings);
    }
  }

  const TemporaryFolder folder_;
  const std::string recipe_ = folder_ / "recipe.json";
  int runs_ = 0;
};

TEST_F(OnGpu, EveryFusionTrainsAsOnTheCpu) {
  for (const std::string fusion :
       {"none", "gated", "selective", "concatenated", "doubly_attentive"})
    expect_as_on_cpu({"model.fusion=" + fusion});
}

TEST_F(OnGpu, EveryVariantTrainsAsOnTheCpu) {
  const std::string text = "model.fusion=none", post = "model.norm=post", pre = "model.norm=pre";
  expect_as_on_cpu({text, post});
  expect_as_on_cpu({text, post, "model.penalty=relative"});
  expect_as_on_cpu({text, pre, "model.penalty=stream", "model.layer_drop.encoder=0.3"});
  expect_as_on_cpu({text, pre, "model.activation=gelu", "model.positions=learned",
                    "model.attention_dropout=0.2", "model.activation_dropout=0.1",
                    "model.word_dropout.source=0.2"});
  const std::vector<std::string> marian = {text,
                                           post,
                                           "model.activation=silu",
                                           "model.positions=marian",
                                           "model.output_bias=true",
                                           "model.scale_embeddings=false"};
  expect_as_on_cpu(marian);
  expect_as_on_cpu({text, post, "model.output_bias=true", "training.r_drop=2"}, 1e-5);
  expect_as_on_cpu({"model.fusion=gated", "training.train_only=[\"fusion\",\"image_encoder\"]",
                    "training.rates.fusion=3"});
  expect_as_on_cpu({text, post, "training.r_drop=2"}, 1e-5);
  expect_as_on_cpu({text, pre, "training.token_cutoff=0.2", "training.ema=0.9"});
}

// Sentences of letters: longer than the 32 keys that a warp sees at once.
TEST_F(OnGpu, LongSentencesAndOtherShapesTrainAsOnTheCpu) {
  expect_as_on_cpu({"model.fusion=none", "tokenizer.vocabulary=60", "training.batch_tokens=500"});
  expect_as_on_cpu({"model.fusion=none", "model.width=160", "model.heads=2", "model.norm=post"});
}

TEST_F(OnGpu, Bfloat16TrainsNearlyAsOnTheCpu) {
  expect_as_on_cpu({"model.fusion=none", "training.precision=bfloat16"}, 1e-3);
  expect_as_on_cpu({"model.fusion=gated", "training.precision=bfloat16", "training.r_drop=1"},
                   1e-3);
}

TEST_F(OnGpu, AClassifierTrainsAndPredictsAsOnTheCpu) {
  const auto labelled = folder_ / "labelled";
  std::filesystem::directory_iterator image(folder_ / "corpus/images");
  for (const char* label : {"a", "b"}) {
    create_directories(labelled / "train" / label);
    for (int i = 0; i < 8; ++i, ++image)
      copy_file(*image, labelled / "train" / label / (std::to_string(i) + ".png"));
  }
  const std::string recipe = folder_ / "classifier.json";
  for (
      const std::string encoder :
      {R"("kind": "vit", "patch": 8, "width": 32, "feed_forward": 32, "heads": 2, "layers": 2, "dropout": 0.2)",
       R"("kind": "resnet", "width": 8, "stages": 2)"}) {
    write_file(recipe, R"({"data": {"folder": ")" + labelled.string() +
                           R"(", "valid": 2}, "tau": 0.001,
  "image_encoder": {"size": 32, )" +
                           encoder + R"(},
  "training": {"batch": 6, "updates": 4, "validate_every": 4, "warmup": 2, "precision": "float32",
               "learning_rate": 1e-4}})");
    const std::string name = "classifier" + std::to_string(runs_++);
    for (const std::string device : {"cpu", "cuda"}) {
      const Outcome outcome =
          run({"classify", "train", recipe, "--out", folder_ / (name + device)}, device);
      ASSERT_EQ(outcome.status, 0) << outcome.errors;
    }
    const double expected = last_metrics(name + "cpu")["valid_nll"].get<double>();
    EXPECT_NEAR(last_metrics(name + "cuda")["valid_nll"].get<double>(), expected, 1e-5 * expected);
    const auto predicted = [&](const std::string& device) {
      const Outcome outcome = run({"classify", "predict", folder_ / (name + "cpu"), "--labelled",
                                   (labelled / "train").string(), "--json"},
                                  device);
      EXPECT_EQ(outcome.status, 0) << outcome.errors;
      return nlohmann::json::parse(outcome.output);
    };
    EXPECT_EQ(predicted("cuda")["accuracy"], predicted("cpu")["accuracy"]);
  }
}

TEST_F(OnGpu, AResumedRunEqualsOneThatWasNotInterrupted) {
  ASSERT_EQ(train("whole", {"model.fusion=selective", "training.updates=6"}, "cuda").status, 0);
  std::vector<std::string> arguments = {"train",
                                        recipe_,
                                        "--out",
                                        folder_ / "parts",
                                        "--set=model.fusion=selective",
                                        "--threads",
                                        "1",
                                        "--device",
                                        "cuda",
                                        "--set=training.updates=6"};
  {
    const EmulatedGpu here;
    const Outcome first = signal_penalmt(arguments, folder_ / "parts/metrics.jsonl", {SIGINT});
    ASSERT_EQ(first.status, 130) << first.errors;
    arguments.push_back("--resume");
    ASSERT_EQ(run_penalmt(arguments).status, 0);
  }
  for (const char* file : {"checkpoints/00000006/model.safetensors", "averaged/model.safetensors",
                           "best/model.safetensors"})
    EXPECT_EQ(read_file(folder_ / "parts" / file), read_file(folder_ / "whole" / file)) << file;
}

TEST_F(OnGpu, TranslatesScoresProbesAndMeasuresAsOnTheCpu) {
  const std::string text = folder_ / "corpus/tok/test.lc.norm.tok";
  const std::string list = folder_ / "corpus/image_splits/test.txt",
                    root = folder_ / "corpus/images";
  for (const std::string fusion : {"none", "gated", "doubly_attentive"}) {
    ASSERT_EQ(train(fusion, {"model.fusion=" + fusion}, "cpu").status, 0);
    std::vector<std::string> images;
    if (fusion != "none") images = {"--images", list, "--image-root", root};
    const auto both = [&](std::vector<std::string> arguments) {
      arguments.insert(arguments.end(), images.begin(), images.end());
      const Outcome cpu = run(arguments, "cpu"), gpu = run(arguments, "cuda");
      EXPECT_EQ(cpu.status, 0) << cpu.errors;
      EXPECT_EQ(gpu.status, 0) << gpu.errors;
      return std::pair(cpu.output, gpu.output);
    };
    const std::string run_folder = folder_ / fusion;
    for (const char* beam : {"1", "3"}) {
      const auto [cpu, gpu] =
          both({"translate", run_folder, "--input", text + ".en", "--beam", beam});
      EXPECT_EQ(gpu, cpu) << fusion;
    }
    const std::string list_of_pieces = folder_ / "pieces.lex";
    const std::string train = folder_ / "corpus/tok/train.lc.norm.tok";
    ASSERT_EQ(run_penalmt({"shortlist", run_folder, "--source", train + ".en", "--target",
                           train + ".de", "--output", list_of_pieces})
                  .status,
              0);
    for (const std::vector<std::string>& told : std::vector<std::vector<std::string>>{
             {"--prefix", "ein", "--no-repeat-ngram", "2", "--min-length", "4"},
             {"--sample", "--seed", "3", "--top-p", "0.9"},
             {"--shortlist", list_of_pieces, "--shortlist-frequent", "10"},
             {"--ensemble", run_folder, "--beam", "2"}}) {
      std::vector<std::string> arguments = {"translate", run_folder, "--input", text + ".en"};
      arguments.insert(arguments.end(), told.begin(), told.end());
      const auto [cpu, gpu] = both(arguments);
      EXPECT_EQ(gpu, cpu) << fusion << " " << told.front();
    }
    const auto [cpu, gpu] =
        both({"score", run_folder, "--source", text + ".en", "--target", text + ".de"});
    const auto expected = lines_of(cpu), found = lines_of(gpu);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(std::stod(found[i]), std::stod(expected[i]), 2e-3) << fusion << ", line " << i;
    const auto chains = both(
        {"chain", run_folder, "--source", text + ".en", "--references", text + ".de", "--json"});
    const auto straightness = [](const std::string& json) {
      return nlohmann::json::parse(json)["chains"][0]["straightness"]["mean"].get<double>();
    };
    EXPECT_NEAR(straightness(chains.second), straightness(chains.first), 1e-4) << fusion;
    if (fusion == "none") continue;
    const auto probes = both({"probe", run_folder, "--source", text + ".en", "--references",
                              text + ".de", "--all-lines"});
    EXPECT_EQ(probes.second, probes.first) << fusion;
  }
}

TEST_F(OnGpu, BatchesTooLargeForItsMemoryAreHalved) {
  const std::vector<std::string> settings = {"model.fusion=gated", "training.batch_tokens=400",
                                             "training.accumulate=1"};
  const Outcome whole = train("whole", settings, "cuda");
  ASSERT_EQ(whole.status, 0) << whole.errors;
  const std::string less = std::to_string(work_of(whole.errors).bytes * 8 / 10);
  setenv("EMULATED_CUDA_MEMORY", less.c_str(), 1);
  const Outcome halved = train("halved", settings, "cuda");
  setenv("EMULATED_CUDA_MEMORY", "300000", 1);
  const Outcome hopeless = train("hopeless", settings, "cuda");
  unsetenv("EMULATED_CUDA_MEMORY");
  ASSERT_EQ(halved.status, 0) << halved.errors;
  const std::string said = "the GPU has not enough memory for a batch of ";
  const std::size_t at = halved.errors.find(said);
  ASSERT_NE(at, std::string::npos) << halved.errors;
  EXPECT_EQ(halved.errors.find(said, at + 1), std::string::npos) << "said once";
  for (const char* key : {"loss", "valid_nll"}) {
    const double expected = last_metrics("whole")[key].get<double>();
    EXPECT_NEAR(last_metrics("halved")[key].get<double>(), expected, 2e-6 * expected) << key;
  }
  EXPECT_EQ(hopeless.status, 1);
  EXPECT_NE(hopeless.errors.find("CUDA out of memory."), std::string::npos) << hopeless.errors;
}

// An update of two batches of Tiny launched 3,003 operators and waited nine times before there were
// kernels for it.
TEST_F(OnGpu, AnUpdateOfTinyIsFewLaunchesAndOneWait) {
  const auto work = [&](int updates, const char* precision) {
    const Outcome outcome =
        train(precision + std::to_string(updates),
              {"model.fusion=none", "model.size=tiny", "model.width=32", "model.feed_forward=32",
               "model.heads=2", "model.encoder_layers=4", "model.decoder_layers=4",
               "model.norm=post", "training.batch_tokens=120", "training.validate_every=100",
               "training.updates=" + std::to_string(updates),
               std::string("training.precision=") + precision},
              "cuda");
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return work_of(outcome.errors);
  };
  for (const auto& [precision, most] : {std::pair("float32", 700), std::pair("bfloat16", 880)}) {
    const Work two = work(2, precision), four = work(4, precision);
    EXPECT_LE((four.launches - two.launches) / 2, most) << precision;
    EXPECT_EQ(four.waits, two.waits) << precision;
    EXPECT_EQ(four.copies_to_host - two.copies_to_host, 2) << precision;  // the losses, once each
  }
}

// Of all that a position asks for the host waits once: for its candidates.
TEST_F(OnGpu, APositionOfASearchIsOneWait) {
  make_tiny_run(folder_ / "run");
  for (const char* beam : {"1", "4"}) {
    const auto work = [&](const char* length) {
      const EmulatedGpu gpu;
      const Outcome outcome =
          run_penalmt({"translate", folder_ / "run", "--device", "cuda", "--beam", beam,
                       "--min-length", length, "--max-length", length, "a red circle ."});
      EXPECT_EQ(outcome.status, 0) << outcome.errors;
      return work_of(outcome.errors);
    };
    const Work ten = work("10"), twenty = work("20");
    EXPECT_EQ(twenty.copies_to_host - ten.copies_to_host, 10) << beam;
    EXPECT_EQ(twenty.waits, ten.waits) << beam;
  }
}

}  // namespace penalmt::gpu_test
