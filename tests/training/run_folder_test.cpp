// A run's folder is always right: one process at a time, and whatever kills it, the run that goes
// on ends as one that nothing killed.
#include "training/run_folder.h"
#include "base/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <map>

#include "base/disk.h"
#include "base/files.h"
#include "tests/base/temporary_folder.h"
#include "tests/training/toy_training.h"
#include "training/trainer.h"

namespace penalmt::run_folder_test {

namespace fs = std::filesystem;

// The exit status of a process that does the work in silence: 0, 1 for the machine's fault, 2 for
// anything else that is thrown.
int in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    try {
      work();
    } catch (const MachineError&) {
      _exit(1);
    } catch (const std::exception&) {
      _exit(2);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(RunFolder, LetsOneProcessIn) {
  const TemporaryFolder folder;
  const fs::path run = folder / "run";
  {
    const RunFolder first(run);
    const std::string holder = read_file(run / ".lock");
    EXPECT_TRUE(holder.starts_with("process " + std::to_string(getpid()) + " on ")) << holder;
    EXPECT_EQ(folder.without_path(thrown_message<Error>([&] { RunFolder{run}; })),
              "run: in use by " + holder +
                  "; expected a folder that no other process trains in; wait for it, or stop it");
  }
  const RunFolder next(run);
}

TEST(RunFolder, IsNotHeldByADeadProcess) {
  const TemporaryFolder folder;
  EXPECT_EQ(in_child([&] {
              const RunFolder held(folder / "run");
              _exit(7);
            }),
            7);
  EXPECT_TRUE(fs::exists(folder / "run/.lock"));
  const RunFolder next(folder / "run");
  EXPECT_TRUE(next.is_empty());
}

TEST(RunFolder, RemovesWhatDeadProcessesLeft) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "run/checkpoints");
  write_file(folder / "run/.recipe.backup", "mine");
  const AtomicFile living(folder / "run/test.de");
  in_child([&] {
    const AtomicFolder best(folder / "run/best"), checkpoint(folder / "run/checkpoints/00000007");
    write_file(best.path() / "model.json", "{");
    const AtomicFile recipe(folder / "run/recipe.json");
    _exit(0);
  });
  const auto entries = [&](const char* path) {
    return std::distance(fs::directory_iterator(folder / path), fs::directory_iterator());
  };
  EXPECT_EQ(entries("run"), 5);
  EXPECT_EQ(entries("run/checkpoints"), 1);
  const RunFolder run(folder / "run");
  EXPECT_EQ(entries("run"), 4);  // checkpoints, .recipe.backup, what is being written, the lock
  EXPECT_EQ(entries("run/checkpoints"), 0);
}

TEST(RunFolder, CanBeBegunAnewWhereNoUpdateWasMade) {
  const TemporaryFolder folder;
  RunFolder run(folder / "run");
  EXPECT_TRUE(run.is_empty());
  EXPECT_FALSE(run.holds_mere_start());
  run.write_recipe("{}");
  write_file(folder / "run/tokenizer.model", "pieces");
  write_file(folder / "run/metrics.jsonl", "");
  write_file(folder / "run/events.out.tfevents.1.penalmt", "e");
  fs::create_directories(folder / "run/image_encoder");
  fs::create_directories(folder / "run/checkpoints");
  EXPECT_TRUE(run.holds_mere_start());
  run.write_recipe("{1}");
  EXPECT_EQ(read_file(folder / "run/recipe.json"), "{1}");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "run"), fs::directory_iterator()), 2);

  // What anybody may have put there, or a run has learned, is no mere start.
  for (const char* file :
       {"metrics.jsonl", "notes.txt", "best", "checkpoints/00000001/state.json"}) {
    fs::create_directories((folder / "run" / file).parent_path());
    write_file(folder / "run" / file, "1");
    EXPECT_FALSE(run.holds_mere_start()) << file;
    fs::remove_all(folder / "run" / *fs::path(file).begin());
    EXPECT_TRUE(run.holds_mere_start()) << file;
  }
  fs::remove(folder / "run/recipe.json");
  write_file(folder / "run/tokenizer.model", "mine");
  EXPECT_FALSE(run.holds_mere_start());
}

TEST(RunFolder, LeavesNothingWhereNothingWasWritten) {
  const TemporaryFolder folder;
  { const RunFolder run(folder / "runs/first/"); }
  EXPECT_EQ(folder.entries(), 0);
  fs::create_directory(folder / "runs");
  { const RunFolder run(folder / "runs/first"); }
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_TRUE(fs::is_empty(folder / "runs"));
}

TEST(RunFolder, SaysWhyNothingCanBeWrittenThere) {
  const TemporaryFolder folder;
  write_file(folder / "file", "");
  const auto refusal = [&](const char* path) {
    return folder.without_path(thrown_message<Error>([&] { RunFolder{folder / path}; }));
  };
  EXPECT_EQ(refusal("file/run"), "file/run: cannot write: Not a directory");
  EXPECT_EQ(refusal("file"), "file: cannot write: Not a directory");
  fs::create_directory(folder / "fixed");
  if (mount("tmpfs", (folder / "fixed").c_str(), "tmpfs", MS_RDONLY, nullptr) != 0)
    GTEST_SKIP() << "may not mount a read-only disk";
  EXPECT_EQ(refusal("fixed"), "fixed: cannot write: Read-only file system");
  EXPECT_EQ(refusal("fixed/run"), "fixed/run: cannot write: Read-only file system");
  umount((folder / "fixed").c_str());
}

// ---- Killed anywhere

// What penalmt train does with a folder.
void train(const fs::path& path, const Recipe& recipe) {
  RunFolder folder(path);
  if (!folder.is_empty() && !fs::exists(path / "recipe.json"))
    throw Error("neither a new start nor --resume takes this folder");
  folder.write_recipe(config::write(recipe).dump(2) + "\n");
  DataSplit train = toy_split(), valid = toy_split();
  std::optional<Tokenizers> tokenizers = read_tokenizers(path);
  if (!tokenizers) {
    tokenizers = train_tokenizers(train.text, recipe);
    write_tokenizers(path, *tokenizers, recipe.joint_vocabulary());
  }
  encode_split(train, *tokenizers, recipe);
  encode_split(valid, *tokenizers, recipe);
  Trainer(recipe, path, {*tokenizers, std::move(train), std::move(valid)}, c10::kCPU,
          /*resume=*/true)
      .run();
}

// All files of a run by their names, without times; TensorBoard's are one a start.
std::map<std::string, std::string> files_of(const fs::path& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    const std::string name = fs::relative(entry.path(), run).string();
    if (name.starts_with("events.out.tfevents.")) continue;
    std::string& text = files[name];
    if (entry.is_directory()) continue;
    text = read_file(entry.path());
    if (entry.path().filename() == "SHA256SUMS") {  // the last line is that of state.json
      text.resize(text.size() - 65 - std::string(" state.json\n").size());
      continue;
    }
    if (name != "metrics.jsonl" && entry.path().filename() != "state.json") continue;
    std::string timeless;
    const auto add = [&](const std::string& json) {
      auto object = nlohmann::json::parse(json);
      for (const char* key : {"seconds", "interval_seconds", "tokens_per_second"})
        object.erase(key);
      timeless += object.dump() + "\n";
    };
    if (name == "metrics.jsonl")
      for (const std::string& line : read_lines(entry.path())) add(line);
    else
      add(text);
    text = timeless;
  }
  return files;
}

// What differs between two runs, in words; "" where nothing does.
std::string difference(const std::map<std::string, std::string>& got,
                       const std::map<std::string, std::string>& expected) {
  for (const auto& [name, text] : expected)
    if (!got.contains(name)) return "no " + name;
  for (const auto& [name, text] : got)
    if (!expected.contains(name) || text != expected.at(name)) return "another " + name;
  return "";
}

// Runs and resumes with a fault at every call that changes the disk; returns what went wrong.
std::string faults_that_hurt() {
  at::set_num_threads(1);
  const TemporaryFolder folder;
  Recipe recipe = tiny_recipe();
  recipe.model.width = 16, recipe.model.feed_forward = 16, recipe.model.heads = 2;
  recipe.training.updates = 6, recipe.training.validate_every = 2, recipe.training.average = 2;
  const fs::path run = folder / "run";
  in_child([&] { train(run, recipe); });
  const std::map<std::string, std::string> whole = files_of(run);
  std::string problems;
  const auto fault_hurts = [&](int64_t at, int error_number) {
    fs::remove_all(run);
    const int status = in_child([&] {
      disk::set_fault({at, error_number});
      train(run, recipe);
    });
    const int again = in_child([&] { train(run, recipe); });
    std::string problem = again == 0 ? "" : "exit status " + std::to_string(again);
    if (problem.empty()) problem = difference(files_of(run), whole);
    if (!problem.empty())
      problems += fmt::format("call {}, {}: ended with {}, then {}\n", at,
                              error_number == 0 ? "killed" : "full disk", status, problem);
    return status;
  };
  int64_t at = 1;
  while (fault_hurts(at, 0) == 137) ++at;
  for (int64_t full = 1; full < at; ++full) fault_hurts(full, ENOSPC);
  if (at < 100) problems += fmt::format("only {} calls\n", at - 1);
  return problems;
}

// In a process of its own: one that has threads cannot be forked.
TEST(RunFolderDeathTest, ARunKilledAnywhereAndResumedEqualsAnUninterruptedOne) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto try_all = [] {
    const std::string problems = faults_that_hurt();
    std::fputs(problems.c_str(), stderr);
    std::exit(problems.empty() ? 0 : 1);
  };
  EXPECT_EXIT(try_all(), testing::ExitedWithCode(0), "");
}

}  // namespace penalmt::run_folder_test
