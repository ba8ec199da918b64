// The scripts in recipes/ refuse what cannot work, in one line.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "tests/base/shell.h"

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
  static std::string run(const std::string& command) { return run_shell(command).with_status(); }
  std::string launch(const std::string& environment) {
    return run("cd / && env " + environment + " sh " + folder_.string() + "/penalmt --help");
  }
  void make_bundle(const std::string& glibc) {
    fs::copy_file(kRecipes + "launcher.sh", folder_ / "penalmt");
    write("glibc", glibc);
    write("bin/penalmt",
          "#!/bin/sh\necho \"$LD_LIBRARY_PATH $*${PENALMT_WITHOUT_LIBTORCH:+; "
          "}${PENALMT_WITHOUT_LIBTORCH:-}\"\n");
    fs::permissions(folder_ / "bin/penalmt", fs::perms::owner_all);
  }

  // A test of this folder in Python passes; skipped where PENALMT_PYTHON names none that has the
  // packages.
  static void expect_passed(const std::string& script, const std::string& packages) {
    const char* named = std::getenv("PENALMT_PYTHON");
    if (named == nullptr) GTEST_SKIP() << "PENALMT_PYTHON names no Python with " << packages;
    const std::string python = named;
    if (run(python + " -c 'import " + packages + "'") != "exit 0")
      GTEST_SKIP() << "PENALMT_PYTHON=" << python << " has not all of " << packages;
    const std::string words =
        run("PENALMT=" PENALMT_PROGRAM " " + python + " " PENALMT_SOURCE "/tests/program/" +
            script + " && echo passed");
    EXPECT_TRUE(words.ends_with("passed\nexit 0")) << words;
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

// Text is translated without it: the program says so itself where it is needed.
TEST_F(Scripts, TheBundlesLauncherTellsTheProgramWhatLibtorchLacks) {
  make_bundle("2.17\n");
  const std::string here = fs::canonical(folder_).string();
  const auto expect_told = [&](const std::string& environment, const std::string& words) {
    EXPECT_EQ(launch("-u LD_LIBRARY_PATH " + environment),
              here + "/lib --help; " + words + "\nexit 0");
  };
  const std::string install =
      "python3 -m venv env && . env/bin/activate && pip install torch==2.11.0";
  // Found in Python without importing it.
  write("python/torch/__init__.py", "raise SystemExit('imported')\n");
  expect_told("-u LIBTORCH PYTHONPATH=" + folder_.string() + "/python",
              folder_.string() +
                  "/python/torch: no lib/libtorch_cpu.so there; expected the folder of torch 2.11");
  expect_told("LIBTORCH=/nowhere",
              "/nowhere: no lib/libtorch_cpu.so there; expected the folder of torch 2.11");
  const std::string old = libtorch("2", "9");
  expect_told("LIBTORCH=" + old, old + ": got torch 2.9, expected 2.11; " + install);
  expect_told("-u LIBTORCH -u PYTHONPATH PATH=/bin:/usr/bin PYTHONHOME=/nowhere",
              "no torch in the active Python environment; expected 2.11; " + install +
                  ", or set LIBTORCH to a torch folder");
}

TEST_F(Scripts, TheBundlesLauncherRefusesAnOldGlibc) {
  make_bundle("99.5\n");
  const std::string glibc = launch("LIBTORCH=" + libtorch("2", "11"));
  EXPECT_TRUE(glibc.starts_with("penalmt: this system's glibc: got 2.")) << glibc;
  EXPECT_TRUE(glibc.ends_with(", expected 99.5 or newer\nexit 2")) << glibc;
}

TEST_F(Scripts, ExportTakesWeightsThatFitWholly) { expect_passed("export_test.py", "torch"); }

TEST_F(Scripts, PyTorchModuleGivesTheProgramsProbabilitiesForEveryFusion) {
  expect_passed("penalmt_torch_test.py", "torch, safetensors, sentencepiece");
}

TEST_F(Scripts, CTranslate2GivesTheProgramsProbabilitiesAndTranslations) {
  expect_passed("ctranslate2_test.py", "ctranslate2, numpy, safetensors, sentencepiece");
}

TEST_F(Scripts, ImportedModelsGiveTransformersProbabilitiesAndTranslations) {
  expect_passed("marian_test.py", "torch, transformers, safetensors, sentencepiece");
}

// Hugging Face's library is stood in for: it needs the hub.
TEST_F(Scripts, UnpieBecomesContrastivePairs) {
  write("python/datasets.py", R"(def load_dataset(name, split):
    assert (name, split) == ("copy", "homographic"), (name, split)
    de = lambda text: {"de": text, "fr": "", "ko": ""}
    return [{"pun_sentence": "It packs\n its trunk.", "translation1": de("Es packt den Koffer."),
             "translation2": de("Es packt den  Rüssel."), "disamb_image1": "a.png", "disamb_image2": "gone.png"}]
)");
  write("copy/a.png", "an image");
  const std::string command = "cd " + folder_.string() + " && PYTHONPATH=python python3 " +
                              kRecipes + "tables/unpie.py --from copy --out out";
  EXPECT_EQ(run(command), "unpie: out: 2 pairs, 1 without an image\nexit 0");
  const auto text = [&](const std::string& name) { return read_file(folder_ / "out" / name); };
  EXPECT_EQ(text("src.en"), "It packs its trunk.\nIt packs its trunk.\n");
  EXPECT_EQ(text("correct.de"), "Es packt den Koffer.\nEs packt den Rüssel.\n");
  EXPECT_EQ(text("incorrect.de"), "Es packt den Rüssel.\nEs packt den Koffer.\n");
  EXPECT_EQ(text("img.order"), "0000-1.png\n\n");
  EXPECT_EQ(text("images/0000-1.png"), "an image");
  EXPECT_EQ(run(command), "unpie: out: there already; expected a folder to make\nexit 2");
}

TEST_F(Scripts, ADatasetOfImageFilesBecomesATableWithImagesOfItsOwn) {
  write("python/datasets.py", R"(class Image:
    def __init__(self, decode=True): pass
class Data(list):
    features = {"image": Image(), "caption": None}
    def cast_column(self, column, kind): return self
def load_dataset(name, split):
    return Data([{"image": {"bytes": None, "path": "elsewhere/a.png"}, "caption": "A circle."}])
)");
  write("elsewhere/a.png", "an image");
  fs::create_directories(folder_ / "here");
  const std::string command = "cd " + folder_.string() + " && PYTHONPATH=python python3 " +
                              kRecipes + "tables/from_datasets.py user/captions --out ";
  EXPECT_EQ(run(command + "here/t.jsonl"), "exit 0");
  EXPECT_EQ(read_file(folder_ / "here/t.jsonl"),
            "{\"image\": \"images/image-000000.png\", \"caption\": \"A circle.\"}\n");
  EXPECT_EQ(read_file(folder_ / "here/images/image-000000.png"), "an image");
  for (const auto& [out, problem] :
       {std::pair("here/t.csv", "got here/t.csv, expected a name that ends in .jsonl"),
        std::pair("gone/t.jsonl", "gone: no such folder")}) {
    const std::string words = run(command + out);
    EXPECT_NE(words.find(problem), std::string::npos) << words;
    EXPECT_TRUE(words.ends_with("exit 2")) << words;
  }
}

TEST_F(Scripts, TheGpusChecksAskForWhatTheyNeedFirst) {
  fs::create_directories(folder_ / "corpus/tok");
  fs::create_directories(folder_ / "bundle");
  const auto refusal = [&](const std::string& arguments) {
    return run("cd " + folder_.string() + " && " + kRecipes + "gpu.sh " + arguments);
  };
  const std::string in = "gpu: " + folder_.string();
  EXPECT_EQ(refusal("bundle corpus out true"),
            "gpu: true: no such check; expected one of golden processes fusions tiny decoding "
            "scenes\nexit 2");
  EXPECT_EQ(refusal("none corpus out"),
            in + "/none: not there; expected a bundle (recipes/bundle.sh) or its folder\nexit 2");
  EXPECT_EQ(refusal("bundle none out"),
            in + "/none: no folder tok in it; expected Multi30k (recipes/multi30k/README.md)\nexit "
                 "2");
  write("bin/nvidia-smi", "#!/bin/sh\nexit 9\n");
  fs::permissions(folder_ / "bin/nvidia-smi", fs::perms::owner_all);
  EXPECT_EQ(run("cd " + folder_.string() + " && PATH=" + folder_.string() + "/bin:$PATH " +
                kRecipes + "gpu.sh bundle corpus out"),
            "gpu: no GPU, or no driver for it\nexit 2");
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

// Slurm's two commands are stood in for: srun begins two tasks, one after the other.
TEST_F(Scripts, SlurmTellsEachTaskItsPlace) {
  write("bin/scontrol", "#!/bin/sh\nseq -f node%.0f 7 20000\n");  // more than a pipe holds
  write("bin/srun",
        "#!/bin/sh\nshift\nfor task in 0 1; do SLURM_PROCID=$task SLURM_LOCALID=$task \"$@\"; "
        "done\n");
  write("checkout/build/release/penalmt",
        "#!/bin/sh\necho \"$RANK $WORLD_SIZE $LOCAL_RANK $MASTER_ADDR $MASTER_PORT $*\"\n");
  for (const char* program : {"bin/scontrol", "bin/srun", "checkout/build/release/penalmt"})
    fs::permissions(folder_ / program, fs::perms::owner_all);
  const std::string folder = folder_.string();
  const std::string job = "cd / && env PATH=" + folder + "/bin:$PATH SLURM_SUBMIT_DIR=" + folder +
                          "/checkout SLURM_JOB_ID=40123 SLURM_JOB_NODELIST=node[7-8] "
                          "SLURM_CPUS_PER_TASK=4 SLURM_NTASKS=2 ";
  const std::string script =
      "bash " + kRecipes + "multi30k/slurm.sh -r gated -o /runs/a -- --set x=1";
  const std::string words =
      " 2 0 node7 20123 train recipes/multi30k/gated.json --out /runs/a "
      "--threads 4 --set x=1 --resume\n";
  EXPECT_EQ(run(job + "MULTI30K=/corpus " + script),
            "0" + words + "1 2 1" + words.substr(4) + "exit 0");
  EXPECT_EQ(run("unset MULTI30K; " + job + script),
            "slurm.sh: MULTI30K is not set; expected the corpus's folder "
            "(recipes/multi30k/README.md)\nexit 2");
  EXPECT_EQ(run("env -u SLURM_NTASKS SLURM_SUBMIT_DIR=" + folder + "/checkout " + script),
            "slurm.sh: no Slurm job; submit it by sbatch\nexit 2");
  EXPECT_EQ(run("env SLURM_SUBMIT_DIR=" + folder + " " + script),
            "slurm.sh: build/release/penalmt is not there; submit from the checkout, after "
            "recipes/build.sh\nexit 2");
}

// With pipefail a script fails where what writes into a pipe is still at it when its reader ends.
TEST(ScriptTexts, PipesAreReadToTheirEnd) {
  const std::regex early("[|]\\s*(head\\b|grep -[a-zA-Z]*q)");
  int scripts = 0;
  for (const char* folder : {"/recipes", "/tests", "/.ci"})
    for (const auto& entry :
         fs::recursive_directory_iterator(PENALMT_SOURCE + std::string(folder))) {
      if (!entry.is_regular_file()) continue;
      const std::string text = read_file(entry.path());
      if (!text.starts_with("#!") || text.find("pipefail") == std::string::npos) continue;
      ++scripts;
      std::smatch found;
      EXPECT_FALSE(std::regex_search(text, found, early)) << entry.path() << ": " << found[0];
    }
  EXPECT_GT(scripts, 15);
}

}  // namespace
}  // namespace penalmt
