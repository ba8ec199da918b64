// No output takes the place of a file that is read, or of one that belongs to a model.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"
#include "tests/translation/tiny_run.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// A folder with runs, text, images and stores, of which nothing may change.
class Outputs : public testing::Test {
 protected:
  Outputs() {
    make_tiny_run(folder_ / "text", {.heads = 1});
    make_tiny_run(folder_ / "gated", {.fusion = "gated"});
    make_tiny_run(folder_ / "features", {.fusion = "gated", .features = true});
    for (const char* run : {"text", "gated", "features"}) {
      write_file(path(run) / fs::path("recipe.json"), R"({"training": {"seed": 1}})");
      write_file(path(run) / fs::path("metrics.jsonl"), "{\"update\": 1, \"valid_nll\": 2}\n");
    }
    write_file(path("in.en"), "a red circle .\n");
    write_file(path("in.de"), "ein roter kreis .\n");
    write_file(path("list.txt"), "wide.png\n");
    fs::create_directories(path("images"));
    fs::copy_file(PENALMT_SOURCE "/tests/golden/vision/wide.png", path("images/wide.png"));
    make_tiny_store(path("f.npy"), {"wide.png", "b.png"});
    write_file(path("f.encoder.txt"), "toy\n");
    fs::create_symlink(path("text/tokenizer.model"), path("link.model"));
    fs::create_hard_link(path("text/tokenizer.model"), path("twin.model"));
    before_ = contents();
  }
  std::string path(const std::string& name) const { return folder_ / name; }
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path()))
      if (entry.is_regular_file()) files[entry.path().string()] = read_file(entry.path());
    return files;
  }
  // `name` is where the output is to go: the last of the arguments.
  void expect_refused(std::vector<std::string> arguments, const std::string& name,
                      const std::string& what) {
    const std::string option = arguments.back();
    arguments.push_back(path(name));
    const Outcome outcome = run_penalmt(arguments, "a red circle .\n");
    EXPECT_EQ(outcome.status, 2) << name;
    EXPECT_EQ(folder_.without_path(outcome.errors), "penalmt: " + option + ": got " + name +
                                                        ", which is " + what +
                                                        "; expected another file\n");
    EXPECT_EQ(contents(), before_) << arguments.front() << " " << name;
  }

  TemporaryFolder folder_;
  std::map<std::string, std::string> before_;
};

TEST_F(Outputs, OfTokenizersSpareTheirModel) {
  for (const char* command : {"encode", "decode"}) {
    expect_refused({"tokenizer", command, "--model", path("text/tokenizer.model"), "--output"},
                   "text/tokenizer.model", "a file of a run");
    for (const char* name : {"link.model", "twin.model"})
      expect_refused({"tokenizer", command, "--model", path("twin.model"), "--output"}, name,
                     std::string(name) == "link.model" ? "a file of a run" : "read too");
  }
  expect_refused({"tokenizer", "train", "--input", path("in.en"), path("in.de"), "--output"},
                 "in.de", "read too");
  expect_refused({"normalize", "--language", "en", "--input", path("in.en"), "--output"}, "in.en",
                 "read too");
}

TEST_F(Outputs, OfTranslateSpareTheRunAndWhatItReads) {
  const std::string text = path("text"), features = path("features");
  for (const char* name : {"text/recipe.json", "text/metrics.jsonl", "text/tokenizer.model"})
    expect_refused({"translate", text, "--output"}, name, "a file of a run");
  for (const char* name :
       {"text/best/model.safetensors", "text/best/model.json", "gated/best/model.safetensors"})
    expect_refused({"translate", text, "--output"}, name, "a file of a checkpoint");
  expect_refused({"translate", features, "--input", path("in.en"), "--images", path("list.txt"),
                  "--features", path("f.npy"), "--output"},
                 "f.names.txt", "read too");
  for (const char* name : {"f.npy", "list.txt", "in.en"})
    expect_refused({"translate", features, "--input", path("in.en"), "--images", path("list.txt"),
                    "--features", path("f.npy"), "--output"},
                   name, "read too");
}

// A list's images are known at the start, those of JSON lines when they come.
TEST_F(Outputs, OfTranslateSpareTheImagesThatAreDecoded) {
  const std::string refusal =
      "penalmt: --output: got images/wide.png, which is read too; expected another file\n";
  const auto errors = [&](std::vector<std::string> more, const std::string& input) {
    std::vector<std::string> arguments = {"translate",    path("gated"), "--image-root",
                                          path("images"), "--output",    path("images/wide.png")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_penalmt(arguments, input);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(read_file(path("images/wide.png")), before_[path("images/wide.png")]);
    return folder_.without_path(outcome.errors);
  };
  EXPECT_EQ(errors({"--input", path("in.en"), "--images", path("list.txt")}, ""), refusal);
  EXPECT_EQ(errors({"--json-input"}, "{\"source\": \"a dog .\", \"image\": \"wide.png\"}\n"),
            "penalmt: images/wide.png.partial: holds the translations of lines 1 to 1\n" + refusal);
}

TEST_F(Outputs, OfReportsSpareRunsAndWhatTheyRead) {
  const std::string text = path("text"), gated = path("gated");
  for (const char* name : {"text/recipe.json", "text/metrics.jsonl", "gated/recipe.json"})
    expect_refused({"compare", text, "--html"}, name, "a file of a run");
  expect_refused(
      {"evaluate", "--hypotheses", path("in.de"), "--references", path("in.de"), "--report"},
      "text/recipe.json", "a file of a run");
  expect_refused(
      {"evaluate", "--hypotheses", path("in.de"), "--references", path("in.de"), "--source",
       path("in.en"), "--images", path("list.txt"), "--image-root", path("images"), "--report"},
      "images/wide.png", "read too");
  expect_refused(
      {"chain", text, "--source", path("in.en"), "--references", path("in.de"), "--report"},
      "text/best/model.json", "a file of a checkpoint");
  expect_refused(
      {"chain", path("features"), "--source", path("in.en"), "--references", path("in.de"),
       "--images", path("list.txt"), "--features", path("f.npy"), "--report"},
      "f.npy", "read too");
  expect_refused({"probe", gated, "--source", path("in.en"), "--references", path("in.de"),
                  "--images", path("list.txt"), "--image-root", path("images"), "--report"},
                 "gated/tokenizer.model", "a file of a run");
  expect_refused(
      {"probe", path("features"), "--source", path("in.en"), "--references", path("in.de"),
       "--images", path("list.txt"), "--features", path("f.npy"), "--report"},
      "f.names.txt", "read too");
}

TEST_F(Outputs, OfStoresAndFoldersSpareWhatTheyRead) {
  const auto errors = [&](const std::vector<std::string>& arguments) {
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(contents(), before_);
    return folder_.without_path(outcome.errors);
  };
  fs::copy_file(path("in.en"), path("images/none.txt"));
  fs::copy_file(path("list.txt"), path("new.names.txt"));
  before_ = contents();
  EXPECT_EQ(errors({"probe", path("gated"), "--source", path("images/none.txt"), "--references",
                    path("in.de"), "--images", path("list.txt"), "--image-root", path("images"),
                    "--translations", path("images")}),
            "penalmt: --translations: got images/none.txt, which is read too; expected another "
            "file\n");
  EXPECT_EQ(errors({"features", path("new.names.txt"), "--image-root", path("images"), "--encoder",
                    PENALMT_SOURCE "/tests/golden/vision/encoder-grid", "--out", path("new.npy")}),
            "penalmt: --out: got new.names.txt, which is read too; expected another file\n");
}

TEST_F(Outputs, OfTranslateMayBeKeptInTheRunsFolder) {
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = run_penalmt(
        {"translate", path("text"), "--input", path("in.en"), "--output", path("text/test.de")});
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
  }
  EXPECT_TRUE(fs::exists(path("text/test.de")));
}

}  // namespace
}  // namespace penalmt
