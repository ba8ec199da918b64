// The scripts in recipes/ refuse what cannot work, in one line.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace penalmt {
namespace {

namespace fs = std::filesystem;

const std::string kRecipes = std::string(PENALMT_SOURCE) + "/recipes/";

// A folder of this test's own, removed at the end.
class Scripts : public testing::Test {
 protected:
  Scripts() : folder_(fs::temp_directory_path() / ("scripts_test." + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~Scripts() override { fs::remove_all(folder_); }

  void write(const fs::path& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  // A folder that looks like a LibTorch of that version.
  std::string libtorch(const std::string& major, const std::string& minor) {
    write("libtorch/lib/libtorch_cpu.so", "");
    write("libtorch/include/torch/headeronly/version.h",
          "#define TORCH_VERSION_MAJOR " + major + "\n#define TORCH_VERSION_MINOR " + minor + "\n");
    return (folder_ / "libtorch").string();
  }

  // What a shell command prints on standard output and error, then "exit " and its status.
  static std::string run(const std::string& command) {
    FILE* pipe = popen(("exec 2>&1; " + command).c_str(), "r");
    std::string text;
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) text += static_cast<char>(c);
    return text + "exit " + std::to_string(WEXITSTATUS(pclose(pipe)));
  }
  std::string launch(const std::string& environment) {
    return run("cd / && env " + environment + " sh " + folder_.string() + "/penalmt --help");
  }
  void make_bundle(const std::string& glibc) {
    fs::copy_file(kRecipes + "launcher.sh", folder_ / "penalmt");
    write("glibc", glibc);
    write("bin/penalmt", "#!/bin/sh\necho \"$LD_LIBRARY_PATH $*\"\n");
    fs::permissions(folder_ / "bin/penalmt", fs::perms::owner_all);
  }

  fs::path folder_;
};

TEST_F(Scripts, SetupRefusesAFolderWithoutLibtorch) {
  EXPECT_EQ(run("LIBTORCH=/nowhere bash " + kRecipes + "setup.sh"),
            "setup: LIBTORCH=/nowhere: no LibTorch there; expected lib/libtorch_cpu.so and "
            "include/\nexit 2");
}

TEST_F(Scripts, SetupRefusesAnotherLibtorch) {
  const std::string other = libtorch("2", "9");
  EXPECT_EQ(run("LIBTORCH=" + other + " bash " + kRecipes + "setup.sh"),
            "setup: LIBTORCH=" + other + ": LibTorch 2.9, expected 2.11\nexit 2");
}

TEST_F(Scripts, BuildRefusesAnUnknownKind) {
  EXPECT_TRUE(run("bash " + kRecipes + "build.sh fast").ends_with("exit 2"));
}

TEST_F(Scripts, TheBundlesLauncherPutsItsLibrariesBeforeLibtorchs) {
  make_bundle("2.17\n");
  const std::string torch = libtorch("2", "11"), here = fs::canonical(folder_).string();
  EXPECT_EQ(launch("-u LD_LIBRARY_PATH LIBTORCH=" + torch),
            here + "/lib:" + torch + "/lib --help\nexit 0");
}

TEST_F(Scripts, TheBundlesLauncherFindsTorchInPythonWithoutImportingIt) {
  make_bundle("2.17\n");
  write("python/torch/__init__.py", "raise SystemExit('imported')\n");
  EXPECT_EQ(
      launch("-u LIBTORCH PYTHONPATH=" + folder_.string() + "/python"),
      "penalmt: " + folder_.string() +
          "/python/torch: no lib/libtorch_cpu.so there; expected the folder of torch 2.11\nexit 2");
}

TEST_F(Scripts, TheBundlesLauncherRefusesWhatCannotWork) {
  make_bundle("99.5\n");
  EXPECT_EQ(
      launch("LIBTORCH=/nowhere"),
      "penalmt: /nowhere: no lib/libtorch_cpu.so there; expected the folder of torch 2.11\nexit 2");
  const std::string old = libtorch("2", "9");
  EXPECT_EQ(
      launch("LIBTORCH=" + old),
      "penalmt: " + old + ": got torch 2.9, expected 2.11; pip install torch==2.11.0\nexit 2");
  const std::string glibc = launch("LIBTORCH=" + libtorch("2", "11"));
  EXPECT_TRUE(glibc.starts_with("penalmt: this system's glibc: got 2.")) << glibc;
  EXPECT_TRUE(glibc.ends_with(", expected 99.5 or newer\nexit 2")) << glibc;
  EXPECT_EQ(launch("-u LIBTORCH -u PYTHONPATH PATH=/bin:/usr/bin PYTHONHOME=/nowhere"),
            "penalmt: no torch in the active Python environment; expected 2.11; pip install "
            "torch==2.11.0, or set "
            "LIBTORCH to a torch folder\nexit 2");
}

// tests/program/export_test.py, where there is a Python with torch.
TEST_F(Scripts, ExportTakesWeightsThatFitWholly) {
  const char* python = std::getenv("PENALMT_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "PENALMT_PYTHON names no Python with torch";
  const std::string words =
      run(std::string(python) + " " PENALMT_SOURCE "/tests/program/export_test.py && echo passed");
  EXPECT_TRUE(words.ends_with("passed\nexit 0")) << words;
}

}  // namespace
}  // namespace penalmt
