#include <gtest/gtest.h>

#include "base/files.h"
#include "base/line_reader.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

Outcome make_corpus(const std::string& folder, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"shapes", "--out", folder,   "--train", "4",
                                        "--val",  "2",     "--test", "3"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_penalmt(arguments);
}

TEST(ShapesCommand, MakesACorpusAndSaysSo) {
  const TemporaryFolder folder;
  const std::string out = folder / "shapes";
  const Outcome outcome = make_corpus(out);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.errors, "penalmt: " + out + ": 4 training, 2 validation and 3 test scenes\n");
  EXPECT_EQ(read_lines(folder / "shapes/tok/train.lc.norm.tok.en").size(), 4u);
  EXPECT_EQ(folder.entries(), 1);
}

TEST(ShapesCommand, ScoresTheReferencesAsAllRight) {
  const TemporaryFolder folder;
  const std::string out = folder / "shapes";
  ASSERT_EQ(make_corpus(out).status, 0);
  const Outcome outcome =
      run_penalmt({"shapes", "score", "--hypotheses", out + "/tok/test.lc.norm.tok.fr", "--marks",
                   out + "/left_out/test.fr.tsv", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_NE(outcome.output.find("\"all\":{\"right\":3,\"total\":3,\"accuracy\":1.0,"),
            std::string::npos)
      << outcome.output;
  // Hypotheses from standard input; the source has no German word.
  const Outcome piped = run_penalmt(
      {"shapes", "score", "--hypotheses", "-", "--marks", out + "/left_out/test.de.tsv"},
      read_file(out + "/tok/test.lc.norm.tok.en"));
  EXPECT_NE(piped.output.find("all              0/3     0.0 %   (chance "), std::string::npos)
      << piped.output;
}

TEST(ShapesCommand, RefusesInOneLine) {
  const TemporaryFolder folder;
  const std::string out = folder / "shapes";
  ASSERT_EQ(make_corpus(out).status, 0);
  const auto refusal = [](const Outcome& outcome) {
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, "");
    return outcome.errors;
  };
  EXPECT_EQ(refusal(make_corpus(out)),
            "penalmt: " + out +
                ": the folder is not empty; expected a new one; remove it or name another\n");
  EXPECT_EQ(refusal(run_penalmt({"shapes"})),
            "penalmt: shapes: --out is missing; expected the folder to make; see penalmt shapes "
            "--help\n");
  EXPECT_EQ(refusal(run_penalmt({"shapes", "--out", out + "2", "--tran", "5"})),
            "penalmt: shapes: unknown option --tran; did you mean '--train'?\n");
  EXPECT_EQ(refusal(run_penalmt({"shapes", "--out", out + "2", "--test", "1"})),
            "penalmt: shapes: --test: got '1', expected a whole number from 2 to 900000\n");
  EXPECT_EQ(refusal(run_penalmt({"shapes", "score", "--hypotheses", out + "/tok/val.lc.norm.tok.de",
                                 "--marks", out + "/left_out/test.de.tsv"})),
            "penalmt: left-out words: 2 hypotheses, but 3 marks; line i of one must belong to line "
            "i of the other\n");
  EXPECT_EQ(folder.entries(), 1);  // nothing half-written
}

}  // namespace
}  // namespace penalmt
