// The study's driver (recipes/study) on a plan of small arms: what it runs, goes on with, passes
// over, writes down and refuses; its tables from results alone.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "base/files.h"
#include "base/line_reader.h"
#include "harness.h"
#include "tests/base/shell.h"
#include "tests/base/temporary_folder.h"
#include "tests/datasets/coloured_images.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kScript = std::string(PENALMT_SOURCE) + "/recipes/study/run.sh";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A study in a folder of its own: two arms on generated scenes, a run a second.
class Study : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    corpus_ = new TemporaryFolder();
    const std::string folder = *corpus_ / "corpus";
    ASSERT_EQ(run_penalmt({"shapes", "--out", folder, "--train", "100", "--val", "10", "--test",
                           "10", "--seed", "1"})
                  .status,
              0);
  }
  static void TearDownTestSuite() { delete corpus_; }

  Study() {
    if (run_shell("python3 --version").status != 0) return;
    write_plan({{"plain", 0.0}, {"penal", 0.01}});
  }
  void SetUp() override {
    if (plan_.is_null()) GTEST_SKIP() << "no python3";
  }

  void write_plan(const std::vector<std::pair<std::string, double>>& arms, int updates = 4) {
    json group = {
        {"name", "Small scenes"}, {"kind", "translation"}, {"recipe", "recipes/shapes/gated.json"},
        {"seeds", {1}},           {"minutes", 30},         {"control", "plain"},
        {"tests", {"test"}},      {"arms", json::array()}};
    group["set"] = {{"data.folder", (*corpus_ / "corpus").string()},
                    {"model", {{"fusion", "none"}, {"width", 16}, {"feed_forward", 16}}},
                    {"model.heads", 2},
                    {"model.encoder_layers", 1},
                    {"model.decoder_layers", 1},
                    {"training.warmup", 2},
                    {"training.updates", updates},
                    {"training.validate_every", 2}};
    for (const auto& [name, tau] : arms)
      group["arms"].push_back({{"name", name}, {"set", {{"model.tau.encoder", tau}}}});
    plan_ = {{"record", 1},
             {"records", {{"1", "the first"}}},
             {"choices", json::object()},
             {"groups", {group}}};
    save_plan();
  }
  void save_plan() { write_file(folder_ / "plan.json", plan_.dump()); }

  std::string line(const std::string& words) const {
    return "PENALMT=" + std::string(PENALMT_PROGRAM) + " PENALMT_RUNS=" + folder_.path().string() +
           "/runs " + kScript + " " + words + " --study " + folder_.path().string();
  }
  ShellOutcome study(const std::string& words) const {
    ShellOutcome ended = run_shell(line(words));
    ended.text = folder_.without_path(ended.text);
    return ended;
  }
  std::string file(const std::string& name) const { return read_file(folder_ / name); }
  std::vector<json> results() const {
    std::vector<json> found;
    if (!fs::exists(folder_ / "results.jsonl")) return found;
    for (const std::string& text : read_lines(folder_ / "results.jsonl"))
      found.push_back(json::parse(text));
    return found;
  }

  static TemporaryFolder* corpus_;
  const TemporaryFolder folder_;
  json plan_;
};
TemporaryFolder* Study::corpus_ = nullptr;

TEST_F(Study, TrainsScoresAndWritesDownEveryArm) {
  const ShellOutcome all = study("all");
  EXPECT_EQ(all.status, 0) << all.text;
  const std::vector<json> lines = results();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["arm"], "plain");
  EXPECT_EQ(lines[1]["arm"], "penal");
  for (const json& result : lines) {
    EXPECT_EQ(result["record"], 1);
    EXPECT_EQ(result["group"], "Small scenes");
    EXPECT_EQ(result["control"], "plain");
    EXPECT_EQ(result["seed"], 1);
    EXPECT_EQ(result["updates"], 4);
    EXPECT_EQ(result["precision"], lines[0]["precision"]);
    EXPECT_GT(result["seconds"].get<double>(), 0);
    EXPECT_GT(result["valid_nll"].get<double>(), 0);
    EXPECT_GE(result["valid_bleu"].get<double>(), 0);
    EXPECT_GE(result["tests"]["test"].get<double>(), 0);
    EXPECT_TRUE(result["commit"].is_string() && result["processor"].is_string());
  }
  EXPECT_NE(lines[0]["valid_nll"], lines[1]["valid_nll"]);
  const fs::path run = folder_ / "runs/study/record1/plain-seed1";
  EXPECT_TRUE(fs::exists(run / "model/averaged/model.safetensors"));
  EXPECT_FALSE(fs::exists(run / "program"));
  EXPECT_FALSE(fs::exists(run / "model/checkpoints"));

  EXPECT_EQ(study("status").text,
            "group         done  running  failed  waiting  left  core-hours\n"
            "Small scenes     2        0       0        0     0         0.0\n"
            "all              2        0       0        0     0         0.0\n");
  const ShellOutcome again = study("next");
  EXPECT_EQ(again.text, "study: nothing is left to run\n");
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(study("report").status, 0);
  EXPECT_TRUE(contains(file("README.md"), "\n| plain | 1 | ")) << file("README.md");
}

TEST_F(Study, AnInterruptedRunEndsAsOneNeverStopped) {
  write_plan({{"plain", 0.0}}, 60);
  const ShellOutcome cut =
      run_shell(line("next") + " & until [ -e " + folder_.path().string() +
                "/runs/study/record1/plain-seed1/model/checkpoints/00000002 ] || ! kill -0 $!; "
                "do sleep 0.02; done; kill -TERM $!; wait $!");
  EXPECT_EQ(cut.status, 130) << cut.text;
  EXPECT_TRUE(results().empty());
  EXPECT_EQ(study("next").status, 0);
  ASSERT_EQ(results().size(), 1u);
  const json first = results()[0];
  fs::remove_all(folder_ / "runs");
  fs::remove(folder_ / "results.jsonl");
  EXPECT_EQ(study("next").status, 0);
  EXPECT_EQ(results()[0]["valid_nll"], first["valid_nll"]);
  EXPECT_EQ(results()[0]["updates"], 60);
}

// After a driver's line and $run, its run's folder: halts the training, waits for the driver's note
// of seconds and kills the driver. The words that follow say what becomes of $training, the
// process.
const std::string kKilledDriver =
    " & until [ -e $run/model/checkpoints/00000002 ] || ! kill -0 $!; do sleep 0.02; done; "
    "training=$(cat /proc/$!/task/$!/children); kill -STOP $training; "
    "n=0; until [ $run/seconds -nt $run/model/metrics.jsonl ] || [ $((n += 1)) -gt 100 ]; "
    "do sleep 0.1; done; "
    "kill -KILL $!; wait $!; ";

TEST_F(Study, WhatAKilledDriverStartedKeepsTheRunUntilItEnds) {
  write_plan({{"plain", 0.0}}, 60);
  const ShellOutcome ended =
      run_shell("run=" + (folder_ / "runs/study/record1/plain-seed1").string() + "; " +
                line("next") + kKilledDriver + line("status") + "; " + line("next") +
                "; kill -CONT $training; flock $run/lock true; " + line("next"));
  EXPECT_EQ(ended.status, 0) << ended.text;
  EXPECT_TRUE(contains(ended.text, "Small scenes     0        1       0        0     0"))
      << ended.text;
  EXPECT_TRUE(contains(ended.text,
                       ", which was killed; the program that it started goes on\n"
                       "study: nothing is left to run\n"))
      << ended.text;
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0]["updates"], 60);
  // Nobody counted what the training used alone.
  EXPECT_TRUE(results()[0]["seconds"].is_null()) << results()[0];
  EXPECT_EQ(study("report").status, 0);
  EXPECT_TRUE(contains(study("status").text, "Small scenes     1        0"));
}

TEST_F(Study, SecondsOutliveTheDriver) {
  write_plan({{"plain", 0.0}}, 60);
  const ShellOutcome cut =
      run_shell("run=" + (folder_ / "runs/study/record1/plain-seed1").string() + "; " +
                line("next") + kKilledDriver + "kill -KILL $training; flock $run/lock true");
  EXPECT_EQ(cut.status, 0) << cut.text;
  const double noted = std::stod(file("runs/study/record1/plain-seed1/seconds"));
  EXPECT_GT(noted, 0);
  EXPECT_EQ(study("next").status, 0);
  ASSERT_EQ(results().size(), 1u);
  EXPECT_GT(results()[0]["seconds"].get<double>(), noted);
}

TEST_F(Study, AnArmForCpusIsNotTrainedWhereThereIsAGpu) {
  plan_["groups"][0]["arms"] = {{{"name", "plain"}, {"device", "cpu"}}};
  save_plan();
  fs::create_directories(folder_ / "tools");
  write_file(folder_ / "tools/nvidia-smi", "#!/bin/sh\necho NVIDIA H200\n");
  const ShellOutcome passed =
      run_shell("chmod +x " + (folder_ / "tools/nvidia-smi").string() +
                "; PATH=" + (folder_ / "tools").string() + ":$PATH " + line("next"));
  EXPECT_EQ(passed.text, "study: nothing is left to run\n");
  EXPECT_EQ(study("next").status, 0);
  EXPECT_TRUE(contains(file("runs/study/record1/plain-seed1/log"), " --device cpu "));
}

TEST_F(Study, ResultsOfOtherSettingsAreRefused) {
  plan_["groups"][0]["arms"] = {{{"name", "plain"}, {"set", {{"model.tau.encoder", 0.5}}}}};
  save_plan();
  EXPECT_EQ(study("next").status, 0);
  json line = results().at(0);
  EXPECT_EQ(line["settings"]["recipe"], "recipes/shapes/gated.json");
  EXPECT_EQ(line["settings"]["set"]["model.tau.encoder"], 0.5);
  plan_["groups"][0]["arms"][0]["set"]["model.tau.encoder"] = 0.25;
  save_plan();
  const std::string hint = " as in plan.json; raise its record or rename the arm\n";
  for (const char* command : {"next", "status", "report"}) {
    const ShellOutcome refused = study(command);
    EXPECT_EQ(refused.text,
              "study: results.jsonl:1: plain, seed 1: trained with model.tau.encoder 0.5, "
              "expected 0.25" +
                  hint);
    EXPECT_EQ(refused.status, 2);
  }
  plan_["groups"][0]["arms"][0]["set"] = {{"model.tau.encoder", 0.5}, {"model.dropout", 0.25}};
  save_plan();
  EXPECT_EQ(study("status").text,
            "study: results.jsonl:1: plain, seed 1: trained with model.dropout null, expected "
            "0.25" +
                hint);
  plan_["groups"][0]["arms"][0]["set"] = {{"model.tau.encoder", 0.5}};
  plan_["record"] = 2;  // another record: nothing to compare
  save_plan();
  EXPECT_EQ(study("status").status, 0);
  plan_["record"] = 1;
  save_plan();
  const std::string content = line["settings"]["content"];
  line["settings"]["content"] = "another";
  write_file(folder_ / "results.jsonl", line.dump());
  EXPECT_EQ(study("status").text,
            "study: results.jsonl:1: plain, seed 1: trained with a recipe of content \"another\", "
            "expected \"" +
                content + "\"" + hint);
  line.erase("settings");  // an older line
  write_file(folder_ / "results.jsonl", line.dump());
  EXPECT_EQ(study("status").status, 0);
}

TEST_F(Study, KnowsNoCommitWhereThereIsNoGit) {
  write_plan({{"plain", 0}});
  const std::string tools = (folder_ / "tools").string();
  const ShellOutcome ended = run_shell(
      "mkdir " + tools + " && for tool in bash env dirname; do ln -s \"$(command -v $tool)\" " +
      tools + "; done && ln -s \"$(python3 -c 'import sys; print(sys.executable)')\" " + tools +
      "/python3 && PATH=" + tools + " " + line("next"));
  EXPECT_EQ(ended.status, 0) << ended.text;
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0]["commit"], "unknown");
}

TEST_F(Study, PassesOverWhatIsRunning) {
  const std::string run = (folder_ / "runs/study/record1/plain-seed1").string();
  fs::create_directories(run);
  write_file(run + "/lock", "host, process 7");
  const ShellOutcome next =
      run_shell("flock " + run + "/lock bash -c '" + line("status") + "; " + line("next") + "'");
  EXPECT_TRUE(
      next.text.starts_with("group         done  running  failed  waiting  left  core-hours\n"
                            "Small scenes     0        1       0        0     1         1.0\n"
                            "all              0        1       0        0     1         1.0\n"
                            "running: plain, seed 1: host, process 7\n"))
      << next.text;
  ASSERT_EQ(results().size(), 1u) << next.text;
  EXPECT_EQ(results()[0]["arm"], "penal");
}

TEST_F(Study, TwoAtOnceShareTheRuns) {
  const ShellOutcome both = run_shell(line("all") + " & " + line("all") + "; wait $!");
  EXPECT_EQ(both.status, 0) << both.text;
  std::set<std::string> arms;
  for (const json& result : results()) arms.insert(result["arm"]);
  EXPECT_EQ(arms, (std::set<std::string>{"plain", "penal"}));
  EXPECT_EQ(results().size(), 2u);
}

TEST_F(Study, RecognisesImagesToo) {
  for (const char* part : {"train", "test"})
    write_coloured_images(folder_ / ("images/" + std::string(part)), 6);
  json& group = plan_["groups"][0];
  group["kind"] = "classifier";
  group["recipe"] = "recipes/cifar10/resnet.json";
  group["arms"] = {{{"name", "plain"}, {"set", {{"tau", 0}}}}};
  group["set"] = {{"data.folder", (folder_ / "images").string()},
                  {"data.valid", 2},
                  {"data.limit", 3},
                  {"image_encoder", {{"size", 8}, {"width", 8}, {"stages", 1}}},
                  {"training.crop", 1},
                  {"training.warmup", 2},
                  {"training.updates", 4}};
  save_plan();
  const ShellOutcome next = study("next");
  EXPECT_EQ(next.status, 0) << next.text;
  ASSERT_EQ(results().size(), 1u);
  const json found = results()[0];
  EXPECT_EQ(found["updates"], 4);
  EXPECT_GE(found["valid_accuracy"].get<double>(), 0);
  EXPECT_LE(found["tests"]["test"].get<double>(), 100);
  EXPECT_FALSE(found.contains("valid_bleu"));
  EXPECT_EQ(study("report").status, 0);
  EXPECT_TRUE(contains(file("README.md"), "| validation accuracy, % |")) << file("README.md");
}

TEST_F(Study, ARunThatFailedIsNamedAndTriedByAnotherProgramAlone) {
  plan_["groups"][0]["arms"] = {{{"name", "plain"}, {"set", {{"model.tua.encoder", 0}}}}};
  save_plan();
  const ShellOutcome failed = study("next");
  EXPECT_EQ(failed.status, 1);
  const std::string words =
      "exit 2: penalmt: set: model.tua.encoder: unknown key; did you mean 'model.tau.encoder'?\n";
  EXPECT_TRUE(failed.text.ends_with("study: plain, seed 1: FAILED: " + words)) << failed.text;
  EXPECT_TRUE(study("status").text.ends_with("failed: plain, seed 1: " + words));
  EXPECT_EQ(study("next").text, "study: nothing is left to run\n");
  const std::string mark = (folder_ / "runs/study/record1/plain-seed1/failed").string();
  json told = json::parse(read_file(mark));
  told["program"] = "another";
  write_file(mark, told.dump());
  EXPECT_TRUE(study("next").text.ends_with("FAILED: " + words));
}

TEST_F(Study, WaitsForChoices) {
  plan_["choices"] = {{"best", nullptr}};
  plan_["groups"][0]["arms"] = {{{"name", "plain"}, {"choice", "best"}}};
  save_plan();
  EXPECT_EQ(study("next").text, "study: nothing is left to run\n");
  EXPECT_TRUE(
      study("status").text.ends_with("waiting: plain, seed 1: choices.best of plan.json\n"));
  plan_["choices"]["best"] = {{"model.tau.encoder", 0.5}};
  save_plan();
  EXPECT_EQ(study("next").status, 0);
  EXPECT_EQ(json::parse(file(
                "runs/study/record1/plain-seed1/model/recipe.json"))["model"]["tau"]["encoder"],
            0.5);
}

TEST_F(Study, RefusesAPlanThatIsNone) {
  const auto refused = [&](const json& plan) {
    write_file(folder_ / "plan.json", plan.dump());
    const ShellOutcome ended = study("status");
    EXPECT_EQ(ended.status, 2);
    return ended.text;
  };
  EXPECT_EQ(refused(json::array()),
            "study: plan.json: expected an object with record, records, choices, groups\n");
  EXPECT_EQ(refused({{"record", 1}}), "study: plan.json: 'records' is missing\n");
  json plan = plan_;
  plan["record"] = "1";
  EXPECT_EQ(refused(plan), "study: plan.json: 'record': expected a whole number\n");
  plan = plan_;
  plan["choices"] = {{"best", 0.01}, {"later", nullptr}};
  EXPECT_EQ(refused(plan), "study: plan.json: choices: 'best': expected an object\n");
  plan = plan_;
  plan["groups"] = {7};
  EXPECT_EQ(refused(plan),
            "study: plan.json: group 1: expected an object with name, kind, recipe, set, seeds, "
            "minutes, control, tests, arms\n");
  plan["groups"] = {{{"name", "Small scenes"}}};
  EXPECT_EQ(refused(plan), "study: plan.json: 'Small scenes': 'kind' is missing\n");
  plan = plan_;
  plan["groups"][0]["kind"] = "speech";
  EXPECT_EQ(refused(plan),
            "study: plan.json: 'Small scenes': kind: got 'speech', expected translation or "
            "classifier\n");
  plan = plan_;
  plan["groups"][0]["arms"][0].erase("name");
  EXPECT_EQ(refused(plan), "study: plan.json: arm 1 of 'Small scenes': 'name' is missing\n");
  plan = plan_;
  plan["groups"][0]["arms"][0]["device"] = "cuda";
  EXPECT_EQ(refused(plan), "study: plan.json: 'plain': device: got 'cuda', expected cpu\n");
  plan = plan_;
  plan["groups"][0]["minutes"] = "8";
  EXPECT_EQ(refused(plan), "study: plan.json: 'Small scenes': 'minutes': expected a number\n");
}

TEST_F(Study, RefusesWhatItCannotRead) {
  EXPECT_EQ(study("next --part 3/2").text,
            "study: --part: got 3/2, expected I/N with 1 <= I <= N\n");
  EXPECT_EQ(study("status --group 'wave 9'").text,
            "study: --group: no group's name has 'wave 9'\n");
  plan_["groups"][0]["arms"][1]["name"] = "plain";
  save_plan();
  EXPECT_EQ(study("status").text, "study: plan.json: two arms are named 'plain'\n");
  plan_["groups"][0]["arms"][1] = {{"name", "penal"}, {"control", "none"}};
  save_plan();
  EXPECT_EQ(study("status").text, "study: plan.json: arm 'penal': control 'none' is no arm\n");
  plan_["groups"][0]["arms"][1] = {{"name", "penal"}, {"seed", 1}};
  save_plan();
  EXPECT_EQ(study("status").text, "study: plan.json: 'penal': unknown key 'seed'\n");
  plan_["groups"][0]["arms"][1] = {{"name", "penal"}, {"choice", "best"}};
  save_plan();
  EXPECT_EQ(study("status").text,
            "study: plan.json: arm 'penal': choice 'best' is not in choices\n");
  plan_["groups"][0]["arms"][1] = {{"name", "penal"}};
  save_plan();
  write_file(folder_ / "results.jsonl", "{\"arm\": 1}\n");
  const ShellOutcome refused = study("status");
  EXPECT_EQ(refused.text,
            "study: results.jsonl:1: not a result; expected a JSON object with record, arm, seed "
            "and precision\n");
  EXPECT_EQ(refused.status, 2);
  write_file(folder_ / "results.jsonl", "");
  write_file(folder_ / "README.md", "prose\n");
  EXPECT_EQ(study("report").text,
            "study: README.md: expected one line '<!-- results: made by run.sh report -->' and "
            "after it one '<!-- end of results -->'\n");
}

// ---- the report, from results that are given

json result(const std::string& arm, int seed, double bleu, double test) {
  return {{"record", 1},
          {"group", "Small scenes"},
          {"arm", arm},
          {"control", "plain"},
          {"kind", "translation"},
          {"seed", seed},
          {"precision", "float32"},
          {"commit", "abc"},
          {"processor", "a processor"},
          {"seconds", 90},
          {"updates", 4},
          {"valid_nll", 2.5},
          {"valid_bleu", bleu},
          {"tests", {{"test", test}}}};
}

TEST_F(Study, RefusesAResultThatLacksSomething) {
  json whole = result("plain", 1, 20, 30);
  const auto refused = [&](const json& line) {
    write_file(folder_ / "results.jsonl", line.dump());
    const ShellOutcome ended = study("status");
    EXPECT_EQ(study("report").text, ended.text);
    EXPECT_EQ(ended.status, 2);
    return ended.text;
  };
  const std::string place = "study: results.jsonl:1: plain, seed 1: ";
  EXPECT_EQ(
      refused(
          {{"record", 1}, {"arm", "plain"}, {"seed", 1}, {"precision", "float32"}, {"updates", 4}}),
      place + "'group' is missing\n");
  for (const char* key : {"seconds", "valid_bleu", "processor"}) {
    json line = whole;
    line.erase(key);
    EXPECT_EQ(refused(line), place + "'" + key + "' is missing\n");
  }
  json line = whole;
  line["seconds"] = "90";
  EXPECT_EQ(refused(line), place + "'seconds': expected a number or null\n");
  line = whole;
  line["settings"] = {{"recipe", "a.json"}};
  EXPECT_EQ(refused(line), place + "settings: 'content' is missing\n");
  line = whole;
  line["arm"] = {"plain"};
  EXPECT_EQ(refused(line),
            "study: results.jsonl:1: not a result; expected a JSON object with record, arm, seed "
            "and precision\n");
}

// Seconds of CPUs and of GPUs are two things, and some are not known.
TEST_F(Study, TellsWhatRunsWereTrainedOn) {
  plan_["groups"][0]["seeds"] = {1, 2, 3, 4};
  save_plan();
  std::string lines;
  const auto add = [&](const std::string& arm, int seed, const std::string& on,
                       const json& seconds) {
    json entry = result(arm, seed, 20 + seed, 30);
    entry["processor"] = on;
    entry["seconds"] = seconds;
    lines += entry.dump() + "\n";
  };
  for (int seed = 1; seed <= 3; ++seed) add("plain", seed, "NVIDIA H200", 60);
  add("penal", 1, "NVIDIA H200", 60);
  add("penal", 2, "AMD EPYC 9B14 96-Core Processor", 3600);
  add("penal", 3, "AMD EPYC 9B14 96-Core Processor", nullptr);
  write_file(folder_ / "results.jsonl", lines);
  // Left is a seed of each: the plan's half an hour, and the hour of penal's seed 2.
  EXPECT_TRUE(contains(study("status").text,
                       "Small scenes     6        0       0        0     2         1.5\n"))
      << study("status").text;
  EXPECT_EQ(study("report").status, 0);
  const std::string text = file("README.md");
  EXPECT_TRUE(contains(text, "| plain | 3 | 3 H200 |")) << text;
  EXPECT_TRUE(contains(text, "| 1.0 (GPU) |\n| penal | 3 | 2 EPYC 9B14 96-Core, 1 H200 |")) << text;
  EXPECT_TRUE(contains(text, "| 60.0 |\n")) << text;
  EXPECT_TRUE(contains(text,
                       "\n\nArm and control were not all trained on one processor: penal. What it "
                       "changes is part of their differences and p.\n\n"))
      << text;
}

TEST_F(Study, TheReportComesFromResultsAlone) {
  std::string lines;
  const auto add = [&](json entry) { lines += entry.dump() + "\n"; };
  for (int seed = 1; seed <= 3; ++seed) {
    add(result("penal", seed, 23 + seed, 30 + seed));
    add(result("plain", seed, 20 + seed, 30 + seed));
  }
  add(result("penal", 1, 99, 99));  // made twice: the first counts
  json measured = {{"record", 1}, {"arm", "plain"}, {"seed", 1}, {"precision", "float32"}};
  measured["chain"]["encoder"] = {{"straightness", 0.5}, {"alignment", 0.01}};
  add(measured);
  json old = result("plain", 1, 10, 10);
  old["record"] = 0;
  add(old);
  write_file(folder_ / "results.jsonl", lines);
  plan_["records"]["0"] = "before the counters";
  save_plan();
  write_file(folder_ / "README.md",
             "Above.\n<!-- results: made by run.sh report -->\nold\n<!-- end of results -->\n"
             "Below.\n");
  const ShellOutcome report = study("report");
  EXPECT_EQ(report.status, 0) << report.text;
  const std::string head =
      "| arm | seeds | trained on | validation nll | validation BLEU | against control | p | "
      "`test` | `test` "
      "against control | p | core-minutes |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  EXPECT_EQ(file("README.md"),
            "Above.\n<!-- results: made by run.sh report -->\n\n"
            "### Small scenes\n\n"
            "Control: plain. float32, one thread, on a processor; program of abc.\n\n" +
                head +
                "| plain | 3 | 3 a processor | 2.500 ± 0.000 | 22.00 ± 1.00 |  |  | 32.00 ± 1.00 "
                "|  |  | 1.5 |\n"
                "| penal | 3 | 3 a processor | 2.500 ± 0.000 | 25.00 ± 1.00 | +3.00 | 0.100 | "
                "32.00 ± 1.00 | +0.00 | 1.000 | 1.5 |\n\n"
                "![validation BLEU of each seed](figures/small-scenes.svg)\n\n"
                "| chain of the encoder | seeds | straightness | evenness | alignment | turning | "
                "norm of z / norm of x | norm of z |\n"
                "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
                "| plain | 1 | 0.500 |  | 0.0100 |  |  |  |\n\n"
                "## Record 0 (before the counters): not comparable with the above\n\n"
                "### Small scenes\n\n"
                "Control: plain. float32, one thread, on a processor; program of abc.\n\n" +
                head +
                "| plain | 1 | 1 a processor | 2.500 | 10.00 |  |  | 10.00 |  |  | 1.5 |\n\n"
                "<!-- end of results -->\nBelow.\n");
  const std::string figure = file("figures/small-scenes.svg");
  EXPECT_TRUE(contains(figure, ">penal</text>")) << figure;
  std::size_t dots = 0;
  for (std::size_t at = 0; (at = figure.find("<circle", at)) != std::string::npos; ++at) ++dots;
  EXPECT_EQ(dots, 6u);
  // Made again it is the same.
  const std::string before = file("README.md");
  EXPECT_EQ(study("report").status, 0);
  EXPECT_EQ(file("README.md"), before);
}

// Each prediction by its own "refuted by": numbers by hand.
TEST_F(Study, ThePredictionsAreJudgedByTheResults) {
  write_plan({{"plain", 0},
              {"pre, tau 0", 0},
              {"pre, tau 1e-2", 0.01},
              {"pre, tau 1e-2, grade 0.5", 0.01}});
  const auto judged = [&](double straightness, double graded) {
    std::string lines;
    const auto add = [&](const std::string& arm, double bleu, double straight, double even) {
      json entry = result(arm, 1, bleu, 30);
      for (const char* stack : {"encoder", "decoder"})
        entry["chain"][stack] = {
            {"straightness", straight}, {"evenness", even}, {"turning", straight}};
      lines += entry.dump() + "\n";
    };
    add("pre, tau 0", 22, 0.6, 0.5);
    add("pre, tau 1e-2", 22.5, straightness, 0.4);
    add("pre, tau 1e-2, grade 0.5", graded, 0.6, 0.5);
    write_file(folder_ / "results.jsonl", lines);
    write_file(folder_ / "README.md",
               "<!-- results: made by run.sh report -->\n<!-- end of results -->\n");
    EXPECT_EQ(study("report").status, 0);
    return file("README.md");
  };
  const std::string well = judged(0.7, 22.3);
  EXPECT_TRUE(
      contains(well,
               "| 1 | held | pre-norm, tau 0 → 1e-2: straightness: encoder 0.600 → 0.700, decoder "
               "0.600 → 0.700; evenness: encoder 0.500 → 0.400, decoder 0.500 → 0.400 |"))
      << well;
  EXPECT_TRUE(contains(well, "| 2 | held |"));
  EXPECT_TRUE(contains(
      well, "| 10 | neither held nor refuted | grade 0.5 against 1 at tau 1e-2: -0.20 BLEU |"));
  EXPECT_TRUE(contains(well, "| 11 | open | 0 of 9 runs |"));
  const std::string badly = judged(0.59, 22.1);
  EXPECT_TRUE(contains(badly, "| 1 | **refuted** |"));
  EXPECT_TRUE(contains(badly, "| 10 | **refuted** |"));
  EXPECT_TRUE(
      contains(judged(0.7, 22.6), "| 10 | held | grade 0.5 against 1 at tau 1e-2: +0.10 BLEU |"));
}

// Gains are compared, and there are none.
TEST_F(Study, APredictionThatHoldsByItsWordsAloneIsCalledSo) {
  const std::vector<std::string> arms = {"pre, 10,000 pairs, tau 0",
                                         "pre, 10,000 pairs, the best of wave 1",
                                         "12 layers, tau 0", "12 layers, the best of wave 1"};
  write_plan(
      {{"plain", 0}, {"pre, tau 0", 0}, {arms[0], 0}, {arms[1], 0}, {arms[2], 0}, {arms[3], 0}});
  const auto judged = [&](double shallow, double deep) {
    std::string lines;
    const double bleu[] = {30, 30 + shallow, 30, 30 + deep};
    for (std::size_t n = 0; n < arms.size(); ++n)
      lines += result(arms[n], 1, bleu[n], 30).dump() + "\n";
    write_file(folder_ / "results.jsonl", lines);
    EXPECT_EQ(study("report").status, 0);
    return file("README.md");
  };
  EXPECT_TRUE(contains(judged(-0.5, -0.25),
                       "| 8 | held by its words; there is no gain at either depth | pre-norm, "
                       "10,000 pairs, tau 1e-3: -0.50 BLEU with 4 layers, -0.25 with 12 |"));
  EXPECT_TRUE(contains(judged(-0.5, 0.25),
                       "| 8 | held by its words; no gain of 0.3 BLEU at either depth |"));
  EXPECT_TRUE(contains(judged(-0.5, 0.5), "| 8 | held |"));
  EXPECT_TRUE(contains(judged(0.5, 0.25), "| 8 | **refuted** |"));
}

TEST_F(Study, APredictionOfTheChainIsOpenWithoutOne) {
  write_plan({{"plain", 0}, {"pre, tau 0", 0}, {"pre, tau 1e-2", 0.01}});
  write_file(folder_ / "results.jsonl", result("pre, tau 0", 1, 20, 30).dump() + "\n" +
                                            result("pre, tau 1e-2", 1, 20, 30).dump() + "\n");
  EXPECT_EQ(study("report").status, 0);
  EXPECT_TRUE(
      contains(file("README.md"), "| 1 | open | pre, tau 0: 1 of 1 runs lack their chain |"));
}

TEST_F(Study, AnArmIsComparedWithItsControlInOnePrecision) {
  std::string lines;
  for (int seed = 1; seed <= 2; ++seed) {
    lines += result("plain", seed, 20 + seed, 30).dump() + "\n";
    json narrow = result("penal", seed, 30 + seed, 30);
    narrow["precision"] = "bfloat16";
    lines += narrow.dump() + "\n";
  }
  write_file(folder_ / "results.jsonl", lines);
  EXPECT_EQ(study("report").status, 0);
  EXPECT_TRUE(contains(file("README.md"),
                       "\n| penal (bfloat16) | 2 | 2 a processor | 2.500 ± 0.000 | 31.50 ± "
                       "0.71 |  |  | 30.00 ± 0.00 |  |  | 1.5 |\n"))
      << file("README.md");
}

}  // namespace
}  // namespace penalmt
