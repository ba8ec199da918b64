#include "report/runs.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "tests/base/temporary_folder.h"

namespace penalmt::runs_test {

class Runs : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& lines) {
    std::filesystem::create_directories(folder_ / name);
    write_file(folder_ / (name + "/metrics.jsonl"), lines);
  }
  std::string refusal(const std::string& lines) {
    write("run", lines);
    return folder_.without_path(thrown_message<Error>([&] { read_runs({folder_ / "run"}); }));
  }
  TemporaryFolder folder_;
};

TEST_F(Runs, AreReadLineByLine) {
  write(
      "text-seed1",
      R"({"update":62,"epoch":1,"loss":8.7,"nll":8.5,"valid_nll":7.5,"valid_bleu":0.25,"seconds":81.5})"
      "\n"
      R"({"update":124,"nll":null,"valid_nll":6})"
      "\n");
  const auto runs = read_runs({folder_ / "text-seed1/"});
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].name, "text-seed1");
  ASSERT_EQ(runs[0].points.size(), 2u);
  const RunPoint &first = runs[0].points[0], &second = runs[0].points[1];
  EXPECT_EQ(first.update, 62);
  EXPECT_EQ(first.nll, 8.5);
  EXPECT_EQ(first.valid_nll, 7.5);
  EXPECT_EQ(first.valid_bleu, 0.25);
  EXPECT_EQ(first.seconds, 81.5);
  EXPECT_EQ(second.update, 124);
  EXPECT_EQ(second.nll, std::nullopt);  // NaN is null in JSON
  EXPECT_EQ(second.valid_nll, 6);
  EXPECT_EQ(second.valid_bleu, std::nullopt);
}

TEST_F(Runs, FoldersThatEndAlikeKeepTheirWholePath) {
  for (const char* name : {"a/seed1", "b/seed1", "b/seed2"}) write(name, "{\"update\":1}\n");
  const auto runs = read_runs({folder_ / "a/seed1", folder_ / "b/seed1", folder_ / "b/./seed2"});
  EXPECT_EQ(runs[0].name, folder_ / "a/seed1");
  EXPECT_EQ(runs[1].name, folder_ / "b/seed1");
  EXPECT_EQ(runs[2].name, "seed2");
}

// What a killed run has written of its last line, byte by byte.
TEST_F(Runs, LeaveATornLastLineOut) {
  const std::string last =
      R"({"update":124,"nll":-1.5e+2,"valid_nll":null,"valid_bleu":true,"x":["\u00e4"]})";
  for (size_t size = 1; size < last.size(); ++size)
    for (const char* end : {"", "\n"}) {
      write("run", "{\"update\":62}\n" + last.substr(0, size) + end);
      print_messages();
      testing::internal::CaptureStderr();
      const auto runs = read_runs({folder_ / "run"});
      const std::string told = testing::internal::GetCapturedStderr();
      print_messages(false);
      EXPECT_EQ(runs[0].points.size(), 1u) << size;
      EXPECT_EQ(folder_.without_path(told),
                "penalmt: warning: run/metrics.jsonl:2: the line is not whole, as a run leaves it "
                "that is killed; left out\n");
    }
  EXPECT_EQ(refusal("{\"update\""),
            "run/metrics.jsonl: got no lines, expected at least one; the run has not been "
            "validated yet");
}

TEST_F(Runs, RefuseWhatTrainingDoesNotWrite) {
  const std::string first = "{\"update\":5}\n";
  EXPECT_EQ(
      refusal(first + "{\"update\":6,\n{\"update\":7}\n"),
      "run/metrics.jsonl:2: not JSON, at byte 13: it ends too early; expected a key in double "
      "quotes; expected an object as training writes it");
  EXPECT_EQ(
      refusal("\n"),
      "run/metrics.jsonl:1: not JSON, at byte 1: it ends too early; expected a value; expected "
      "an object as training writes it");
  EXPECT_EQ(refusal("[1]\n"),
            "run/metrics.jsonl:1: got array, expected a JSON object as training writes it");
  EXPECT_EQ(refusal("{\"epoch\":1}\n"),
            "run/metrics.jsonl:1: no 'update' there; expected a JSON object as training writes it");
  EXPECT_EQ(refusal("{\"update\":1.5}\n"),
            "run/metrics.jsonl:1: update: got 1.5, expected an integer of at least 1");
  EXPECT_EQ(refusal("{\"update\":0}\n"),
            "run/metrics.jsonl:1: update: got 0, expected an integer of at least 1");
  EXPECT_EQ(refusal("{\"update\":1,\"valid_nll\":\"2\"}\n"),
            "run/metrics.jsonl:1: valid_nll: got \"2\", expected a number");
  EXPECT_EQ(refusal("{\"update\":1,\"valid_nll\":1.79e308}\n"),
            "run/metrics.jsonl:1: valid_nll: got 1.79e+308, expected at most 1e+100 in size");
  EXPECT_EQ(refusal("{\"update\":1,\"nll\":-1e101}\n"),
            "run/metrics.jsonl:1: nll: got -1e+101, expected at most 1e+100 in size");
  EXPECT_EQ(refusal(first + "{\"update\":6,\"nll\":1e999}\n"),
            "run/metrics.jsonl:2: a number there is not finite");
  EXPECT_EQ(refusal("{\"update\":1,\"nll\":NaN}\n"),
            "run/metrics.jsonl:1: not JSON, at byte 19: got 'NaN', expected a value; expected an "
            "object as training writes it");
  EXPECT_EQ(refusal("{\"update\":1,\"x\":" + std::string(200'000, '[') + "\n"),
            "run/metrics.jsonl:1: nested deeper than 100 levels, at byte 116");
  EXPECT_EQ(refusal(first + first), "run/metrics.jsonl:2: update: got 5, expected more than 5");
  EXPECT_EQ(
      refusal(""),
      "run/metrics.jsonl: got no lines, expected at least one; the run has not been validated yet");
  const auto absent = thrown_message<Error>([&] { read_runs({folder_ / "absent"}); });
  EXPECT_EQ(folder_.without_path(absent), "absent: no such folder; expected a run folder");
}

}  // namespace penalmt::runs_test
