// README.md, as its readers use it: its commands run (on a smaller corpus), its links lead
// somewhere.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <regex>

#include "base/files.h"
#include "base/text.h"
#include "tests/base/temporary_folder.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = PENALMT_SOURCE;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// The text of the blocks ```sh ... ```, in their order.
std::string shell_commands(const std::string& page) {
  std::string commands;
  for (std::size_t begin = 0; (begin = page.find("```sh\n", begin)) != std::string::npos;) {
    begin += 6;
    const std::size_t end = page.find("```", begin);
    commands += page.substr(begin, end - begin);
    begin = end;
  }
  return commands;
}

// What takes hours, the network or a corpus that is not part of the project.
bool is_for_people(std::string_view line) {
  return line.starts_with("recipes/quickstart.sh") || line.starts_with("recipes/build.sh") ||
         line.starts_with("MULTI30K=") || line.starts_with("CIFAR10=");
}

TEST(Readme, IsAFrontDoor) { EXPECT_LE(read_lines((kSource / "README.md").string()).size(), 150U); }

TEST(Readme, ItsCommandsRun) {
  const TemporaryFolder folder;
  std::string commands = shell_commands(read_file(kSource / "README.md"));
  // A corpus and trainings of a size for tests; each of these is in the page.
  const std::string few = " --set training.validate_every=3 --set training.warmup=3";
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"--train 20000", "--train 60 --val 8 --test 12"},
        {"training.updates=4000", "training.updates=6" + few},
        {"training.updates=1000", "training.updates=6" + few},

        {"/tmp/", folder.path().string() + "/"},
        {"$PWD/build/release", fs::path(PENALMT_PROGRAM).parent_path().string()}}) {
    EXPECT_NE(commands.find(from), std::string::npos) << from;
    commands = replaced(commands, from, to);
  }
  std::string script = "set -euo pipefail\nexec 2>&1\ncd '" + kSource.string() + "'\n";
  for (const std::string_view line : split(commands, '\n'))
    if (!is_for_people(line)) script += std::string(line) + "\n";
  write_file(folder / "commands.sh", script);
  FILE* pipe = popen(("bash '" + (folder / "commands.sh").string() + "'").c_str(), "r");
  std::string output;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output += static_cast<char>(c);
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), 0) << script << output;
  for (const char* result : {"run/averaged", "own/averaged", "tuned/averaged", "out.de",
                             "report.html", "probe.html", "runs.html"})
    EXPECT_TRUE(fs::exists(folder / result)) << result;
  EXPECT_EQ(read_lines(folder / "out.de").size(), 12U);
}

TEST(Readme, ItsCommandsOnOtherCorporaRunToo) {
  GTEST_SKIP() << "recipes/quickstart.sh, recipes/multi30k/run.sh and recipes/cifar10/run.sh take "
                  "minutes to hours";
}

TEST(Readme, ItsLinksLeadSomewhere) {
  const std::regex link("\\]\\(([^)#]+)\\)");
  int links = 0;
  for (const char* page : {"README.md", "recipes/README.md", "src/evaluation/README.md"}) {
    const std::string text = read_file(kSource / page);
    for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at, ++links)
      EXPECT_TRUE(fs::exists(kSource / fs::path(page).parent_path() / (*at)[1].str()))
          << page << ": " << (*at)[1];
  }
  EXPECT_GT(links, 5);
}

}  // namespace
}  // namespace penalmt
