// penalmt compare as a user runs it.
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

class Compare : public testing::Test {
 protected:
  Compare()
      : folder_(fs::path(testing::TempDir()) / ("penalmt_compare_" + std::to_string(getpid()))) {
    make_run("text-seed1", "none", 1, "1.70", "40.00", "ein mann geht .\nzwei kreise .\n");
    make_run("text-seed2", "none", 2, "1.80", "41.00", "ein mann läuft .\nzwei kreise .\n");
    make_run("gated-seed1", "gated", 1, "1.60", "42.00", "ein mann läuft .\nzwei rote kreise .\n");
    write_file(folder_ / "ref.de", "ein mann läuft .\nzwei rote kreise .\n");
  }
  ~Compare() override { fs::remove_all(folder_); }

  void make_run(const std::string& name, const std::string& fusion, int seed,
                const std::string& nll, const std::string& bleu, const std::string& translation) {
    fs::create_directories(folder_ / name);
    write_file(folder_ / name / "recipe.json",
               "{\"model\": {\"fusion\": \"" + fusion +
                   "\"}, \"training\": {\"seed\": " + std::to_string(seed) + "}}");
    write_file(folder_ / name / "metrics.jsonl",
               "{\"update\": 10, \"valid_nll\": " + nll + ", \"valid_bleu\": 10}\n" +
                   "{\"update\": 20, \"valid_nll\": 9.5, \"valid_bleu\": " + bleu + "}\n");
    write_file(folder_ / name / "test.de", translation);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void expect_refusal(std::vector<std::string> arguments, const std::string& message) const {
    arguments.insert(arguments.begin(), "compare");
    const Outcome outcome = run_penalmt(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors, "penalmt: " + message + "\n");
  }

  fs::path folder_;
};

TEST_F(Compare, SaysWhereAValueIsNull) {
  write_file(folder_ / "text-seed1/metrics.jsonl",
             "{\"update\":1,\"nll\":2}\n"
             "{\"update\":2,\"valid_nll\":null,\"valid_bleu\":null}\n");
  const Outcome outcome = run_penalmt({"compare", path("text-seed1")});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.errors, "penalmt: warning: " + path("text-seed1/metrics.jsonl") +
                                ": 2 of its values are null, first valid_nll in line 2; what is no "
                                "number is left out\n");
}

TEST_F(Compare, KnowsAtTheStartWhereItsPageCannotBe) {
  expect_refusal({path("nowhere"), "--html", path("none/page.html")},
                 path("none/page.html") + ": cannot write: No such file or directory");
  expect_refusal(
      {path("text-seed1"), "--test", "test.de=" + path("ref.de"), "--html", path("ref.de")},
      "--html: got " + path("ref.de") + ", which is read too; expected another file");
}

TEST_F(Compare, ShowsMeanAndDeviationOverSeedsAndTheBest) {
  const Outcome outcome =
      run_penalmt({"compare", path("text-seed1"), path("gated-seed1"), path("text-seed2")});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(outcome.output,
            "| recipe | seeds | fusion | updates | lowest validation nll | highest validation BLEU "
            "|\n"
            "| --- | --- | --- | ---: | ---: | ---: |\n"
            "| text | 1, 2 | none | 20 ± 0 | 1.7500 ± 0.0707 | 40.50 ± 0.71 |\n"
            "| gated | 1 | gated | 20 | **1.6000** | **42.00** |\n"
            "\n"
            "- Mean ± standard deviation over the seeds (of a sample: divided by one less than "
            "their number).\n"
            "- The best mean of a column is bold.\n");
}

// Eight settings are shown: the model's before the data's, and what all recipes have before what
// some lack. The page's table of runs has all.
TEST_F(Compare, ShowsTheSettingsThatTellMost) {
  const auto recipe = [&](const std::string& run, const std::string& data, int number) {
    std::string model = "\"a_of_one\": 1, ";
    if (number == 1) model.clear();
    for (const char* name : {"b", "c", "d", "e", "f", "g"})
      model += fmt::format("\"{}\": {}, ", name, number);
    write_file(
        folder_ / run / "recipe.json",
        fmt::format("{{\"data\": {{{}\"z\": {}}}, \"model\": {{{}\"width\": {}}}, \"training\": "
                    "{{\"seed\": 1, \"updates\": {}}}}}",
                    data, number, model, number, number));
  };
  recipe("text-seed1", "", 1);
  recipe("gated-seed1", "\"folder\": \"x\", ", 2);
  const Outcome outcome = run_penalmt(
      {"compare", path("text-seed1"), path("gated-seed1"), "--html", path("page.html")});
  ASSERT_EQ(outcome.status, 0) << outcome.errors;
  // "updates" is a column of its own: the setting has its whole name.
  EXPECT_TRUE(outcome.output.starts_with(
      "| recipe | seeds | b | c | d | e | f | g | width | training.updates | updates |"))
      << outcome.output;
  EXPECT_NE(outcome.output.find("The recipes differ in 3 more settings"), std::string::npos);
  const std::string page = read_file(folder_ / "page.html");
  EXPECT_NE(page.find("in 3 more settings, which are not shown here (runs.tsv below has all)"),
            std::string::npos);
}

TEST_F(Compare, ScoresTranslationsAndTestsThem) {
  const Outcome outcome = run_penalmt({"compare", path("text-seed1"), path("gated-seed1"),
                                       path("text-seed2"), "--test", "test.de=" + path("ref.de"),
                                       "--paired-ar-n", "1000", "--html", path("page.html")});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_NE(outcome.output.find("| test BLEU |"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("| **100.00** (p = 0."), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("- p and the star for p ≤ 0.05: against text, paired approximate "
                                "randomisation, 1000 trials, seed 12345"),
            std::string::npos);
  const std::string page = read_file(path("page.html"));
  for (const char* part : {"gated</span></th><td>1</td><td>gated</td>", "<small>p = 0.", "<svg",
                           "<strong>100.00</strong>", "download=\"runs.tsv\"",
                           "download=\"curves.tsv\"", "penalmt compare "})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

TEST_F(Compare, EqualTranslationsDoNotDifferAndOrderDoesNotMatter) {
  const std::string references = "test.de=" + path("ref.de");
  write_file(folder_ / "gated-seed1/test.de", read_file(folder_ / "text-seed1/test.de"));
  const auto row = [&](const std::vector<std::string>& runs, const std::string& name) {
    std::vector<std::string> arguments = {"compare", "--test", references, "--paired-ar-n", "500"};
    for (const std::string& run : runs) arguments.push_back(path(run));
    const std::string output = run_penalmt(arguments).output;
    const std::size_t begin = output.find("| " + name + " |");
    return output.substr(begin, output.find('\n', begin) - begin);
  };
  EXPECT_NE(row({"text-seed1", "gated-seed1"}, "gated").find("(the same) |"), std::string::npos);
  const Outcome same =
      run_penalmt({"compare", path("text-seed1"), path("gated-seed1"), "--test", references});
  EXPECT_NE(same.output.find("- test BLEU: gated is text sentence by sentence; they do not "
                             "differ.\n"),
            std::string::npos)
      << same.output;
  // Only seed 1 is in both.
  EXPECT_EQ(row({"text-seed1", "text-seed2", "gated-seed1"}, "gated"),
            row({"text-seed2", "text-seed1", "gated-seed1"}, "gated"));
  EXPECT_EQ(row({"text-seed2", "gated-seed1"}, "gated").find("p ="), std::string::npos);
}

TEST_F(Compare, TakesScoresMadeElsewhere) {
  write_file(folder_ / "text-seed1/test.comet", "0.5\n0.75\n");
  write_file(folder_ / "text-seed2/test.comet", "0.5\n0.5\n");
  write_file(folder_ / "gated-seed1/test.comet", "0.75\n0.75\n");
  const std::vector<std::string> runs = {"compare", path("text-seed1"), path("text-seed2"),
                                         path("gated-seed1")};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), runs.begin(), runs.end());
    return more;
  };
  const std::string output = run_penalmt(with({"--scores", "COMET=test.comet"})).output;
  EXPECT_NE(output.find("| 0.5625 ± 0.0884 |\n"), std::string::npos) << output;
  EXPECT_NE(output.find("| **0.7500** (p = "), std::string::npos) << output;
  EXPECT_NE(output.find("- COMET: given:mean|version:penalmt-"), std::string::npos) << output;
  EXPECT_NE(run_penalmt(with({"--scores", "COMET=test.comet", "--lower-is-better", "COMET"}))
                .output.find("| **0.5625 ± 0.0884** |\n"),
            std::string::npos);
  write_file(folder_ / "gated-seed1/test.comet", "0.75\n");
  expect_refusal({path("text-seed1"), path("gated-seed1"), "--scores", "COMET=test.comet"},
                 path("gated-seed1/test.comet") + ": got 1 lines, expected 2 as in " +
                     path("text-seed1/test.comet"));
  expect_refusal({path("text-seed1"), "--scores", "test.comet"},
                 "--scores: got 'test.comet', expected NAME=FILE, as COMET=out.comet: a name and a "
                 "file of one number a line");
}

TEST_F(Compare, RefusesWhatIsNoRunOrDoesNotFit) {
  expect_refusal({path("absent")}, path("absent") + ": no such folder; expected a run folder");
  write_file(folder_ / "gated-seed1/recipe.json", "{}");
  expect_refusal(
      {path("gated-seed1")},
      path("gated-seed1/recipe.json") + ": not a run's recipe; expected JSON with training.seed");
  const std::string one = path("text-seed1");
  expect_refusal({one, one}, one + ": got seed 1 again, expected each seed of a recipe once; " +
                                 one + " has it too");
  expect_refusal({one, "--test", "test.de"},
                 "--test: got 'test.de', expected FILE=REFERENCES, FILE being a translation in "
                 "each run's folder");
  write_file(folder_ / "long.de", "a\nb\nc\n");
  expect_refusal({one, "--test", "test.de=" + path("long.de")},
                 one + "/test.de: got 2 lines, expected 3 as in " + path("long.de"));
}

TEST_F(Compare, RefusesAClassifierBesideATranslationModel) {
  fs::create_directories(folder_ / "classifier");
  write_file(folder_ / "classifier/recipe.json",
             R"({"image_encoder": {"kind": "vit"}, "training": {"seed": 1}})");
  write_file(folder_ / "classifier/metrics.jsonl", "{\"update\": 10, \"valid_nll\": 1}\n");
  const Outcome outcome = run_penalmt({"compare", path("text-seed1"), path("classifier")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.errors,
            "penalmt: " + path("classifier") +
                ": got the run of a classifier, expected a translation model as in " +
                path("text-seed1") + "\n");
}

}  // namespace
}  // namespace penalmt
