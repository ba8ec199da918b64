// PenalMT as a library: installed, linked by the example in recipes/library, and run.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "tests/base/shell.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/harness.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

// The program that README.md shows.
std::string shown_program() {
  const std::string page = read_file(fs::path(PENALMT_SOURCE) / "README.md"), fence = "```cpp\n";
  const std::size_t begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

TEST(Library, AnotherProgramTranslatesWithIt) {
  const TemporaryFolder folder;
  const fs::path build = fs::path(PENALMT_PROGRAM).parent_path();
  const std::string prefix = folder / "prefix", example = folder / "example";
  // 1. A model.
  ASSERT_EQ(run_penalmt({"shapes", "--out", folder / "corpus", "--train", "40", "--val", "4",
                         "--test", "2"})
                .status,
            0);
  const Outcome trained =
      run_penalmt({"train", std::string(PENALMT_SOURCE) + "/recipes/shapes/gated.json", "--set",
                   "data.folder=" + (folder / "corpus").string(), "--set", "training.updates=2",
                   "--set", "training.warmup=1", "--set", "training.validate_every=2", "--device",
                   "cpu", "--out", folder / "run"});
  ASSERT_EQ(trained.status, 0) << trained.errors;
  // 2. The package, and the example on it.
  const ShellOutcome installed = run_shell("cmake --install '" + build.string() +
                                           "' --component library --prefix '" + prefix + "'");
  ASSERT_EQ(installed.status, 0) << installed.text;
  const ShellOutcome built =
      run_shell("cmake -G Ninja -S '" + std::string(PENALMT_SOURCE) + "/recipes/library' -B '" +
                example + "' -DCMAKE_PREFIX_PATH='" + prefix + "' && ninja -C '" + example + "'");
  ASSERT_EQ(built.status, 0) << built.text;
  // 3. The program of README.md, in its place, with an image of that name.
  fs::create_directory(folder / "shown");
  fs::copy_file(fs::path(PENALMT_SOURCE) / "recipes/library/CMakeLists.txt",
                folder / "shown/CMakeLists.txt");
  write_file(folder / "shown/translate.cpp", shown_program());
  fs::copy_file(folder / "corpus/images/test-000001.png", folder / "scene.png");
  const ShellOutcome shown =
      run_shell("cd '" + folder.path().string() +
                "' && cmake -G Ninja -S shown -B shown/build -DCMAKE_PREFIX_PATH='" + prefix +
                "' > log && ninja -C shown/build >> log && shown/build/translate");
  EXPECT_EQ(shown.status, 0) << shown.text;
  EXPECT_EQ(shown.text, run_penalmt({"translate", folder / "run", "--image", folder / "scene.png",
                                     "A circle.", "--beam", "5", "--device", "cpu"})
                            .output);
  // 4. The same as the program's translations.
  const std::string image = folder / "corpus/images/test-000001.png";
  const auto [translated, status] =
      run_shell("'" + example + "/translate' '" + (folder / "run").string() + "' '" + image +
                "' 'a circle .'");
  EXPECT_EQ(status, 0);
  const Outcome outcome = run_penalmt({"translate", folder / "run", "--image", image, "a circle .",
                                       "--beam", "5", "--n-best", "2", "--device", "cpu"});
  // The program prints a line's number too, and six digits of the score in place of four.
  const auto lines = split(translated, '\n'), expected = split(outcome.output, '\n');
  ASSERT_GE(lines.size(), 2U) << translated;
  ASSERT_EQ(lines.size(), expected.size()) << translated;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto found = split(lines[i], '\t'), columns = split(expected[i], '\t');
    if (columns.size() != 3) continue;
    ASSERT_EQ(found.size(), 2U) << lines[i];
    EXPECT_EQ(found[1], columns[2]);
    EXPECT_NEAR(std::stod(std::string(found[0])), std::stod(std::string(columns[1])), 1e-4);
  }
  const ShellOutcome refused = run_shell("'" + example + "/translate' nowhere x.png y");
  EXPECT_EQ(refused.text.substr(0, 7), "nowhere");
  EXPECT_EQ(refused.status, 1);
}

}  // namespace
}  // namespace penalmt
