// Scores against sacreBLEU itself, number for number (tests/conformance/scores.py).
// PENALMT_SACREBLEU names the folder that tests/setup.sh makes.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "tests/base/shell.h"

namespace penalmt {
namespace {

void compare_scores(const std::string& part) {
  const char* folder = std::getenv("PENALMT_SACREBLEU");
  if (folder == nullptr || *folder == '\0')
    GTEST_SKIP() << "PENALMT_SACREBLEU does not name sacreBLEU's folder; tests/run.sh gets it";
  const std::string at(folder);
  const std::string command =
      "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='" + at + "/packages' python3 '" +
      PENALMT_SOURCE "/tests/conformance/scores.py' '" PENALMT_PROGRAM "' '" + at + "/source' " +
      part;
  const auto [output, status] = run_shell(command);
  EXPECT_EQ(status, 0) << output;
  EXPECT_NE(output.find(" numbers compared, 0 different"), std::string::npos) << output;
}

TEST(Conformance, ScoresOfSacrebleusOwnTestsAreEqual) { compare_scores("published"); }
TEST(Conformance, ScoresOfGeneratedPairsAreEqual) { compare_scores("generated"); }
TEST(Conformance, ScoresAndTestsOfRealSystemsAreEqual) { compare_scores("real"); }
TEST(Conformance, TheSameWordsPrintTheSame) { compare_scores("words"); }

}  // namespace
}  // namespace penalmt
