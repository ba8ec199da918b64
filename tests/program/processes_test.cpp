// penalmt train with many processes on one machine: the same model as one process makes, and an end
// for all where one fails.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/line_reader.h"
#include "tests/base/temporary_folder.h"
#include "tests/program/emulated_gpu.h"
#include "tests/program/harness.h"

namespace penalmt::processes_test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

// Begun, and not waited for.
class Process {
 public:
  Process(const Words& arguments, const Environment& environment) {
    id_ = fork();
    if (id_ > 0) return;
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    const std::string errors = folder_ / "errors";
    const int null = open("/dev/null", O_RDWR),
              err = open(errors.c_str(), O_CREAT | O_WRONLY, 0600);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    Words words = {PENALMT_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(PENALMT_PROGRAM, argv.data());
    _exit(127);
  }
  ~Process() {
    if (id_ > 0) kill(id_, SIGKILL), outcome();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return id_; }
  Outcome outcome() {
    int status = 0;
    EXPECT_EQ(waitpid(std::exchange(id_, -1), &status, 0) > 0, true);
    return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), "",
            read_file(folder_ / "errors")};
  }
  std::string errors() const { return read_file(folder_ / "errors"); }

 private:
  const TemporaryFolder folder_;
  pid_t id_ = -1;
};

// The running processes whose command line holds `word`, by their RANK ("" without).
std::map<std::string, pid_t> processes_of(const std::string& word) {
  std::map<std::string, pid_t> found;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc", gone)) {
    const std::string id = entry.path().filename();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto bytes = [&](const char* file) {
      std::ifstream stream(entry.path() / file);
      std::ostringstream all;
      all << stream.rdbuf();  // of a process that has just ended: nothing
      return all.str();
    };
    if (bytes("cmdline").find(word) == std::string::npos) continue;
    const std::string environment = '\0' + bytes("environ"), rank = std::string(1, '\0') + "RANK=";
    const size_t at = environment.find(rank);
    found[at == std::string::npos ? "" : environment.c_str() + at + rank.size()] = std::stoi(id);
  }
  return found;
}

template <class Condition>
bool wait_until(const Condition& condition, int seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    usleep(20'000);
  }
  return true;
}

std::string host() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

std::string name_of(int rank, int size, pid_t process) {
  return "rank " + std::to_string(rank) + " of " + std::to_string(size) + " (process " +
         std::to_string(process) + " on " + host() + ")";
}

// A port that nobody uses, with a socket that keeps it so.
struct TakenPort {
  TakenPort() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    port = std::to_string(ntohs(address.sin_port));
  }
  ~TakenPort() { close(listener); }
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string port;
};

std::string free_port() { return TakenPort().port; }

class Processes : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run_penalmt({"shapes", "--out", folder_ / "corpus", "--train", "60", "--val", "10",
                           "--test", "4"})
                  .status,
              0);
    // epsilon: the bias of an attention's keys moves no loss, and with a smaller one Adam would
    // make steps of the rounding that is its gradient.
    write_file(recipe_, R"({
  "data": {"folder": "$PENALMT_TEST_CORPUS"},
  "tokenizer": {"vocabulary": 120, "exact_vocabulary": false},
  "model": {"width": 16, "feed_forward": 32, "heads": 2, "encoder_layers": 1, "decoder_layers": 1, "fusion": "gated",
            "dropout": 0.1,
            "image_encoder": {"size": 32, "patch": 8, "width": 16, "feed_forward": 32, "heads": 2, "layers": 1}},
  "training": {"precision": "float32", "batch_tokens": 100, "accumulate": 5, "updates": 20, "validate_every": 10,
               "warmup": 20, "learning_rate": 5e-3, "epsilon": 1e-5, "average": 2}
})");
    setenv("PENALMT_TEST_CORPUS", (folder_ / "corpus").c_str(), 1);
  }
  void TearDown() override { unsetenv("PENALMT_TEST_CORPUS"); }

  Words train(const std::string& run, const Words& more = {}) const {
    Words words = {"train", recipe_, "--out", folder_ / run, "--threads", "1", "--device", device_};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  void expect_trained(const std::string& run, const Words& more = {}) const {
    const Outcome outcome = run_penalmt(train(run, more));
    ASSERT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
  }
  // The numbers of metrics.jsonl within 1e-5, the weights within 1e-4.
  void expect_same_run(const std::string& got, const std::string& expected) const {
    const Words lines = read_lines(folder_ / got / "metrics.jsonl"),
                others = read_lines(folder_ / expected / "metrics.jsonl");
    ASSERT_EQ(lines.size(), others.size());
    for (size_t i = 0; i < lines.size(); ++i) {
      const auto line = nlohmann::json::parse(lines[i]), other = nlohmann::json::parse(others[i]);
      for (const auto& [key, value] : other.items()) {
        if (key.ends_with("second") || key.ends_with("seconds")) continue;
        EXPECT_NEAR(line.at(key).get<double>(), value.get<double>(), 1e-5) << got << ": " << key;
      }
    }
    for (const char* file : {"checkpoints/00000020/model.safetensors", "best/model.safetensors",
                             "averaged/model.safetensors"})
      EXPECT_LT(largest_difference(folder_ / got / file, folder_ / expected / file), 1e-4)
          << got << ": " << file;
    EXPECT_EQ(read_file(folder_ / got / "tokenizer.model"),
              read_file(folder_ / expected / "tokenizer.model"));
  }
  // Of two files of float32 numbers behind the same header.
  static double largest_difference(const fs::path& one, const fs::path& other) {
    const std::string a = read_file(one), b = read_file(other);
    uint64_t header = 0;
    std::memcpy(&header, a.data(), sizeof header);
    EXPECT_EQ(a.size(), b.size());
    EXPECT_EQ(a.substr(0, header), b.substr(0, header));
    double largest = 0;
    for (size_t at = 8 + header; at + 4 <= std::min(a.size(), b.size()); at += 4) {
      float x = 0, y = 0;
      std::memcpy(&x, &a[at], 4);
      std::memcpy(&y, &b[at], 4);
      largest = std::max(largest, std::abs(static_cast<double>(x) - y));
    }
    return largest;
  }

  // Two processes as a launcher begins them.
  struct Pair {
    Pair(const Words& leading, const Words& other, const Environment& of_other = {}) {
      Environment all = {{"WORLD_SIZE", "2"}, {"MASTER_ADDR", "127.0.0.1"}, {"RANK", "0"}};
      all["MASTER_PORT"] = free_port();
      first.emplace(leading, all);
      all["RANK"] = "1";
      for (const auto& [name, value] : of_other) all[name] = value;
      second.emplace(other, all);
    }
    std::optional<Process> first, second;
  };
  // Training that does not end by itself, where it has begun: its processes by rank.
  std::map<std::string, pid_t> begun(const Process& leader, const std::string& run) const {
    std::map<std::string, pid_t> ranks;
    std::error_code none;
    EXPECT_TRUE(wait_until(
        [&] {
          ranks = processes_of(folder_ / run);
          return fs::file_size(folder_ / run / "metrics.jsonl", none) > 0 && !none;
        },
        60))
        << leader.errors();
    return ranks;
  }
  Words endless(const std::string& run, const Words& more = {}) const {
    Words words = train(
        run, {"--set", "training.updates=1000000", "--set", "training.validate_every=5", "--set",
              "training.validate_bleu=false", "--set", "training.patience=0", "--processes", "3"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  void expect_nobody_left(const std::string& run) const {
    EXPECT_TRUE(wait_until([&] { return processes_of(folder_ / run).empty(); }, 15));
  }
  struct Struck {
    Outcome outcome;   // of the run
    std::string name;  // of the process that the signal was sent to
  };
  // A run of three where one is sent the signal. Nobody is left.
  Struck outcome_after(int signal, int rank, const Words& more = {}) const {
    Process leader(endless("run", more), {});
    const auto ranks = begun(leader, "run");
    const pid_t process = ranks.at(std::to_string(rank));
    kill(process, signal);
    const Outcome outcome = leader.outcome();
    expect_nobody_left("run");
    return {outcome, name_of(rank, 3, process)};
  }
  // What the program said when it ended, below the messages of its training.
  static std::string last_line(const std::string& errors) {
    const size_t end = errors.rfind('\n', errors.size() - 2);
    return errors.substr(end == std::string::npos ? 0 : end + 1);
  }

  const TemporaryFolder folder_;
  const std::string recipe_ = folder_ / "recipe.json";
  std::string device_ = "cpu";
};

TEST_F(Processes, TwoAndFourMakeTheModelOfOne) {
  expect_trained("one");
  expect_trained("two", {"--processes", "2"});
  expect_same_run("two", "one");
  expect_trained("four", {"--processes", "4"});
  expect_same_run("four", "one");
  // They leave a model that translates, and the messages of one process.
  const std::string corpus = folder_ / "corpus";
  const Outcome translated = run_penalmt(
      {"translate", folder_ / "four", "--input", corpus + "/tok/test.lc.norm.tok.en", "--images",
       corpus + "/image_splits/test.txt", "--image-root", corpus + "/images"});
  EXPECT_EQ(translated.status, 0) << translated.errors;
  const Outcome again = run_penalmt(train("four", {"--processes", "4", "--resume"}));
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(folder_.without_path(again.errors).substr(0, again.errors.find('\n') + 1),
            "penalmt: train: 60 of 60 sentences have their image\n");
  EXPECT_EQ(std::count(again.errors.begin(), again.errors.end(), '\n'), 4) << again.errors;
}

// As those of several machines do.
TEST_F(Processes, WithoutMemoryInCommonTheyMakeTheModelOfOneThroughGloo) {
  expect_trained("one");
  Pair pair(train("two"), train("two"), {{"PENALMT_SHARED_MEMORY", "no"}});
  EXPECT_EQ(pair.first->outcome().status, 0);
  EXPECT_EQ(pair.second->outcome().status, 0);
  expect_same_run("two", "one");
  setenv("PENALMT_SHARED_MEMORY", "no", 1);
  const auto [outcome, struck] = outcome_after(SIGKILL, 2);
  unsetenv("PENALMT_SHARED_MEMORY");
  EXPECT_EQ(last_line(outcome.errors), "penalmt: " + struck + ": no sign of life for 4 seconds\n");
}

TEST_F(Processes, EveryFusionTrainsAlike) {
  const std::vector<std::pair<std::string, Words>> arms = {
      {"none", {"--set", "training.token_cutoff=0.2"}},
      {"concatenated", {"--set", "training.r_drop=2", "--set", "training.ema=0.9"}},
      {"selective",
       {"--set", "training.image_dropout=0.3", "--set", "model.layer_drop.encoder=0.2"}},
      {"doubly_attentive", {"--set", "training.bpe_dropout=0.2", "--set", "training.clip_norm=1"}}};
  for (const auto& [fusion, options] : arms) {
    Words words = options;
    words.insert(words.end(), {"--set", "model.fusion=" + fusion});
    expect_trained(fusion + "-one", words);
    words.insert(words.end(), {"--processes", "2"});
    expect_trained(fusion + "-two", words);
    expect_same_run(fusion + "-two", fusion + "-one");
  }
}

TEST_F(Processes, ARunGoesOnWithAnotherNumberOfThem) {
  expect_trained("one");
  const Words half = {"--set", "training.updates=10"};
  Words first = half;
  first.insert(first.end(), {"--processes", "3"});
  expect_trained("many", first);
  expect_trained("many", {"--resume", "--processes", "2"});
  expect_same_run("many", "one");
}

TEST_F(Processes, ASignalToOneSavesInAll) {
  const Outcome outcome = outcome_after(SIGTERM, 2).outcome;
  EXPECT_EQ(outcome.status, 130);
  EXPECT_NE(outcome.errors.find("; continue with --resume\npenalmt: interrupted\n"),
            std::string::npos)
      << outcome.errors;
}

TEST_F(Processes, WhereOneIsKilledAllEnd) {
  const auto [outcome, struck] = outcome_after(SIGKILL, 2);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(last_line(outcome.errors), "penalmt: " + struck + ": no sign of life for 4 seconds\n");
  EXPECT_EQ(outcome.errors.find("sign of life"), outcome.errors.rfind("sign of life"));
}

TEST_F(Processes, WithAGpuEachTheyMakeTheModelOfOneThroughNccl) {
  if (!fs::exists(kEmulatedGpu))
    GTEST_SKIP() << "no emulated GPU: a build with sanitizers has none";
  expect_trained("one");
  device_ = "cuda";
  for (const int devices : {1, 3}) {
    const EmulatedGpu here(devices);
    const std::string run = "on" + std::to_string(devices);
    const Outcome outcome = run_penalmt(train(run, {"--processes", "3"}));
    ASSERT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.errors.find("nccl::all_reduce") != std::string::npos, devices == 3)
        << outcome.errors;
    EXPECT_EQ(outcome.errors.find(
                  "penalmt: 3 processes on 1 GPU: sums over the processes go through the CPU\n") !=
                  std::string::npos,
              devices == 1)
        << outcome.errors;
    expect_same_run(run, "one");
  }
}

// The others' GPUs wait for it in the middle of a sum.
TEST_F(Processes, WhereOneWithAGpuIsKilledAllEnd) {
  if (!fs::exists(kEmulatedGpu))
    GTEST_SKIP() << "no emulated GPU: a build with sanitizers has none";
  device_ = "cuda";
  const EmulatedGpu here(3, /*report=*/false);
  const auto [outcome, struck] = outcome_after(SIGKILL, 2);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(last_line(outcome.errors), "penalmt: " + struck + ": no sign of life for 4 seconds\n");
}

TEST_F(Processes, WhereOneHangsAllEnd) {
  const auto [outcome, struck] = outcome_after(SIGSTOP, 1, {"--silence", "5"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(last_line(outcome.errors), "penalmt: " + struck + ": no sign of life for 5 seconds\n");
}

TEST_F(Processes, WhereRankZeroIsKilledOneOfTheOthersSaysSo) {
  Process leader(endless("run"), {});
  const pid_t leading = leader.id();
  ASSERT_EQ(begun(leader, "run").size(), 3U);
  kill(leading, SIGKILL);
  EXPECT_EQ(wait_until([&] { return leader.errors().find("rank 0") != std::string::npos; }, 60),
            true);
  expect_nobody_left("run");
  EXPECT_EQ(last_line(leader.errors()),
            "penalmt: " + name_of(0, 3, leading) + ": the connection to it was lost\n");
}

TEST_F(Processes, RanksThatDisagreeAreNamed) {
  Pair recipes(train("run"), train("run", {"--set", "training.seed=2", "--set", "model.heads=4"}));
  const pid_t other = recipes.second->id();
  const Outcome first = recipes.first->outcome(), second = recipes.second->outcome();
  EXPECT_EQ(first.status, 2);
  EXPECT_EQ(first.errors, "penalmt: " + name_of(1, 2, other) +
                              ": the recipe: model.heads: got 4, rank 0 has 2; training.seed: got "
                              "2, rank 0 has 1\n");
  EXPECT_EQ(second.status, 2);
  EXPECT_EQ(second.errors, "");

  ASSERT_EQ(run_penalmt({"shapes", "--out", folder_ / "other", "--train", "60", "--val", "10",
                         "--test", "4", "--seed", "5"})
                .status,
            0);
  Pair data(train("data"), train("data"), {{"PENALMT_TEST_CORPUS", folder_ / "other"}});
  const pid_t reader = data.second->id();
  const Outcome leading = data.first->outcome();
  EXPECT_EQ(leading.status, 2);
  EXPECT_EQ(last_line(leading.errors),
            "penalmt: " + name_of(1, 2, reader) +
                ": data: split 'train': got other sentences or images than rank 0\n");
  EXPECT_EQ(data.second->outcome().status, 2);
  expect_nobody_left("data");

  // The same images, of other sentences.
  fs::copy(folder_ / "corpus", folder_ / "turned", fs::copy_options::recursive);
  Words names = read_lines(folder_ / "turned/image_splits/train.txt");
  std::ranges::reverse(names);
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  write_file(folder_ / "turned/image_splits/train.txt", text);
  Pair images(train("images"), train("images"), {{"PENALMT_TEST_CORPUS", folder_ / "turned"}});
  EXPECT_TRUE(last_line(images.first->outcome().errors)
                  .ends_with(": data: split 'train': got other sentences or images than rank 0\n"));
}

TEST_F(Processes, AMistakeOfOneIsToldByRankZero) {
  Pair pair(train("run"), train("run"), {{"PENALMT_TEST_CORPUS", folder_ / "nowhere"}});
  const pid_t other = pair.second->id();
  const Outcome first = pair.first->outcome(), second = pair.second->outcome();
  EXPECT_EQ(first.status, 2);
  EXPECT_TRUE(
      last_line(first.errors)
          .starts_with("penalmt: " + name_of(1, 2, other) + ": " + (folder_ / "nowhere").string()))
      << first.errors;
  EXPECT_EQ(second.status, 2);
  EXPECT_EQ(second.errors, "");
}

TEST_F(Processes, RefusesWhatTheyCannotDo) {
  const auto refusal = [&](const Words& more, const Environment& environment = {}) {
    Process process(train("run", more), environment);
    const Outcome outcome = process.outcome();
    EXPECT_EQ(outcome.status, 2) << outcome.errors;
    return last_line(outcome.errors);
  };
  EXPECT_EQ(
      refusal({"--processes", "6"}),
      "penalmt: 6 processes: training.accumulate: got 5, expected at least 6: a batch of each "
      "update for each\n");
  EXPECT_EQ(refusal({"--processes", "2", "--set", "model.image_encoder.kind=resnet"}),
            "penalmt: 2 processes: model.image_encoder.kind: got resnet, whose batch normalisation "
            "would see the batches of one process alone, expected vit or features\n");
  EXPECT_EQ(refusal({"--processes", "2", "--set", "training.batch_tokens=100000"}),
            "penalmt: training: an epoch has 1 batch, expected at least 2, one for each process\n");
  Environment place = {{"WORLD_SIZE", "2"}};
  EXPECT_EQ(refusal({}, place),
            "penalmt: RANK: not set where WORLD_SIZE is 2; expected RANK, WORLD_SIZE, MASTER_ADDR "
            "and MASTER_PORT, as torchrun sets them\n");
  place["RANK"] = "2";
  EXPECT_EQ(refusal({}, place), "penalmt: RANK: got '2', expected a whole number from 0 to 1\n");
  const TakenPort taken;
  place["RANK"] = "0", place["MASTER_ADDR"] = "127.0.0.1", place["MASTER_PORT"] = taken.port;
  EXPECT_EQ(refusal({}, place), "penalmt: MASTER_PORT: got " + taken.port +
                                    ", where another program listens, expected a free port\n");
  EXPECT_EQ(refusal({"--processes", "3"}, place),
            "penalmt: --processes: got 3 where WORLD_SIZE is 2: a launcher has begun the "
            "processes\n");
  place["MASTER_ADDR"] = "nowhere.invalid", place["MASTER_PORT"] = free_port();
  EXPECT_EQ(refusal({}, place),
            "penalmt: MASTER_ADDR: got nowhere.invalid, where rank 0 does not reach itself (port " +
                place["MASTER_PORT"] + "), expected an address of its machine\n");
  Process classifier({"classify", "train", recipe_, "--out", folder_ / "run"}, place);
  EXPECT_EQ(classifier.outcome().errors,
            "penalmt: classify train: works in one process, got WORLD_SIZE 2\n");
  EXPECT_TRUE(refusal({"--processes", "2"}, {{"PENALMT_SHARED_MEMORY", "0"}})
                  .ends_with("PENALMT_SHARED_MEMORY: got '0', expected yes or no\n"));
  expect_trained("run", {"--processes", "2"});  // nothing is in the way
}

TEST_F(Processes, WaitForOneAnotherSoLong) {
  Environment place = {{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_ADDR", "127.0.0.1"}};
  place["MASTER_PORT"] = free_port();
  Process leader(train("run", {"--silence", "5"}), place);
  place["RANK"] = "1", place["MASTER_PORT"] = free_port();
  Process other(train("run", {"--silence", "5"}), place);
  const Outcome first = leader.outcome(), second = other.outcome();
  EXPECT_EQ(first.status, 1);
  EXPECT_EQ(first.errors, "penalmt: rank 1 of 2 did not come within 10 seconds\n");
  EXPECT_EQ(second.status, 1);
  EXPECT_EQ(second.errors,
            "penalmt: rank 0 of 2 did not come within 10 seconds: nobody answers at 127.0.0.1:" +
                place["MASTER_PORT"] + "\n");
}

}  // namespace
}  // namespace penalmt::processes_test
