// Scores against sacreBLEU itself, number for number (tests/conformance/scores.py).
// PENALMT_SACREBLEU names the folder that tests/setup.sh makes.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace penalmt {
namespace {

void compare_scores(const std::string& part) {
  const char* folder = std::getenv("PENALMT_SACREBLEU");
  if (folder == nullptr || *folder == '\0')
    GTEST_SKIP() << "PENALMT_SACREBLEU does not name sacreBLEU's folder; tests/run.sh gets it";
  const std::string at(folder);
  const std::string command =
      "exec 2>&1; PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='" + at + "/packages' python3 '" +
      PENALMT_SOURCE "/tests/conformance/scores.py' '" PENALMT_PROGRAM "' '" + at + "/source' " +
      part;
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output += static_cast<char>(c);
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), 0) << output;
  EXPECT_NE(output.find(" numbers compared, 0 different"), std::string::npos) << output;
}

TEST(Conformance, ScoresOfSacrebleusOwnTestsAreEqual) { compare_scores("published"); }
TEST(Conformance, ScoresOfGeneratedPairsAreEqual) { compare_scores("generated"); }
TEST(Conformance, ScoresAndTestsOfRealSystemsAreEqual) { compare_scores("real"); }
TEST(Conformance, TheSameWordsPrintTheSame) { compare_scores("words"); }

}  // namespace
}  // namespace penalmt
