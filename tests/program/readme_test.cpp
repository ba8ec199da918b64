// README.md, as its readers use it: its commands run (on a smaller corpus), its links lead
// somewhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>

#include "base/files.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "tests/base/shell.h"
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

// What takes long, the network, or a corpus that is not part of the project.
bool is_for_people(std::string_view line) {
  return line.starts_with("recipes/quickstart.sh") || line.starts_with("recipes/build.sh") ||
         line.starts_with("MULTI30K=") || line.starts_with("CIFAR10=");
}

TEST(Readme, IsAFrontDoor) { EXPECT_LE(read_lines((kSource / "README.md").string()).size(), 150U); }

// Runs the lines as one script, in the project's folder; what it prints, on standard error too.
std::string run_script(const TemporaryFolder& folder, const std::string& lines, int* status) {
  write_file(folder / "commands.sh",
             "set -euo pipefail\nexec 2>&1\ncd '" + kSource.string() + "'\n" + lines);
  const ShellOutcome outcome = run_shell("bash '" + (folder / "commands.sh").string() + "'");
  *status = outcome.status;
  return outcome.text;
}

// The commands with each text in the place of another, which is in the page.
std::string with_replaced(std::string commands,
                          const std::vector<std::pair<std::string, std::string>>& replacements) {
  for (const auto& [from, to] : replacements) {
    EXPECT_NE(commands.find(from), std::string::npos) << from;
    commands = replaced(commands, from, to);
  }
  return commands;
}

TEST(Readme, ItsCommandsRun) {
  const TemporaryFolder folder;
  // A corpus and trainings of a size for tests.
  const std::string few = " --set training.validate_every=3 --set training.warmup=3";
  const std::string commands =
      with_replaced(shell_commands(read_file(kSource / "README.md")),
                    {{"--train 20000", "--train 60 --val 8 --test 12"},
                     {"training.updates=4000", "training.updates=6" + few},
                     {"training.updates=1000", "training.updates=6" + few},
                     {"/tmp/", folder.path().string() + "/"},
                     {"$PWD/build/release", fs::path(PENALMT_PROGRAM).parent_path().string()}});
  std::string lines;
  for (const std::string_view line : split(commands, '\n'))
    if (!is_for_people(line)) lines += std::string(line) + "\n";
  int status = -1;
  const std::string output = run_script(folder, lines, &status);
  EXPECT_EQ(status, 0) << lines << output;
  for (const char* result : {"run/averaged", "own/averaged", "tuned/averaged", "out.de",
                             "report.html", "probe.html", "runs.html"})
    EXPECT_TRUE(fs::exists(folder / result)) << result;
  EXPECT_EQ(read_lines(folder / "out.de").size(), 12U);
}

// recipes/multi30k/run.sh and recipes/cifar10/run.sh, on small folders of the same layout.
TEST(Readme, ItsCommandsOnNamedCorporaRun) {
  const TemporaryFolder folder;
  const std::string few =
      " -- --threads 1 --set training.updates=4 --set training.validate_every=2 --set "
      "training.warmup=2 --set training.average=2";
  std::string lines = "export PENALMT='" PENALMT_PROGRAM "' PENALMT_RUNS='" +
                      (folder / "runs").string() + "'\ncorpus='" + (folder / "corpus").string() +
                      R"('
"$PENALMT" shapes --out "$corpus" --train 30 --val 4 --test 4
for set in test_2016_flickr test_2017_flickr test_2017_mscoco; do
  for language in en de; do cp "$corpus/tok/test.lc.norm.tok.$language" "$corpus/tok/$set.lc.norm.tok.$language"; done
  cp "$corpus/image_splits/test.txt" "$corpus/image_splits/$set.txt"
done
for part in train test; do
  mkdir -p "$corpus/classes/$part/odd" "$corpus/classes/$part/even"
  for i in 1 3 5 7 9; do
    cp "$corpus/images/train-00000$i.png" "$corpus/classes/$part/odd"
    cp "$corpus/images/train-00001$i.png" "$corpus/classes/$part/even"
  done
done
)";
  for (const std::string_view line :
       split(with_replaced(shell_commands(read_file(kSource / "README.md")),
                           {{"/path/to/multi30k", "$corpus"},
                            {"/path/to/cifar10", "$corpus/classes"},
                            {"\"1 2 3\"", "1"}}),
             '\n')) {
    std::string command(line.substr(0, line.find('#')));
    command.resize(command.find_last_not_of(' ') + 1);
    if (command.starts_with("MULTI30K=")) {
      lines += command + few + " --set tokenizer.exact_vocabulary=false\n";
    } else if (command.starts_with("CIFAR10=")) {
      lines += command + few + " --set data.valid=2\n";
    }
  }
  int status = -1;
  const std::string output = run_script(folder, lines, &status);
  EXPECT_EQ(status, 0) << lines << output;
  for (const char* row : {"| text, seed 1 | 4 | ", "| gated, seed 1 | 4 | ",
                          "| resnet, tau 0, seed 1 | 4 | ", "| resnet, tau 1e-5 | "})
    EXPECT_NE(output.find(row), std::string::npos) << row << output;
}

// "## Many processes: how" → "many-processes-how", as links name a heading.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c :
       heading.substr(std::min(heading.find_first_not_of('#') + 1, heading.size()))) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || byte >= 0x80)
      anchor += static_cast<char>(std::tolower(byte));
    else if (c == ' ')
      anchor += '-';
  }
  return anchor;
}

bool has_heading(const fs::path& page, const std::string& anchor) {
  const std::vector<std::string> lines = read_lines(page.string());
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.starts_with('#') && anchor_of(line) == anchor;
  });
}

std::vector<fs::path> pages_of_the_project() {
  std::vector<fs::path> pages = {kSource / "README.md"};
  for (const char* folder : {"recipes", "src", "models", "tokenizers", "datasets"})
    for (const auto& entry : fs::recursive_directory_iterator(kSource / folder))
      if (entry.path().extension() == ".md") pages.push_back(entry.path());
  return pages;
}

TEST(Readme, LinksLeadSomewhereOnEveryPage) {
  const std::regex link("\\]\\(([^)#]*)(#[^)]*)?\\)");
  int links = 0;
  for (const fs::path& page : pages_of_the_project()) {
    const std::string text = read_file(page);
    for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at) {
      const std::string file = (*at)[1], anchor = (*at)[2];
      if (file.starts_with("http")) continue;
      ++links;
      const fs::path target = file.empty() ? page : page.parent_path() / file;
      EXPECT_TRUE(fs::exists(target)) << page << ": " << file;
      if (!anchor.empty() && fs::exists(target))
        EXPECT_TRUE(has_heading(target, anchor.substr(1))) << page << ": " << file << anchor;
    }
  }
  EXPECT_GT(links, 20);
}

}  // namespace
}  // namespace penalmt
