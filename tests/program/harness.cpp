#include "harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include <fstream>
#include <iterator>

#include "base/files.h"

namespace penalmt {
namespace {

int open_or_exit(const std::string& file, int flags) {
  const int descriptor = open(file.c_str(), flags, 0600);
  if (descriptor < 0) _exit(127);
  return descriptor;
}

// Becomes the program, with these three descriptors as its streams.
[[noreturn]] void become_penalmt(const std::vector<std::string>& arguments, int in, int out,
                                 int err, const std::string& program = PENALMT_PROGRAM) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execv(program.c_str(), argv.data());
  _exit(127);
}

int exit_status_of(pid_t child) {
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child)
    ADD_FAILURE() << "cannot run " << PENALMT_PROGRAM;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

// Streams are files, so that neither side can wait for the other.
Outcome run_penalmt(const std::vector<std::string>& arguments, const std::string& input,
                    const std::string& output_file) {
  return run_program(PENALMT_PROGRAM, arguments, input, output_file);
}

Outcome run_program(const std::string& program, const std::vector<std::string>& arguments,
                    const std::string& input, const std::string& output_file) {
  const TemporaryFolder folder;
  write_file(folder / "in", input);
  const std::string in = folder / "in", err = folder / "err";
  const std::string out = output_file.empty() ? (folder / "out").string() : output_file;
  const pid_t child = fork();
  if (child == 0) {
    constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
    become_penalmt(arguments, open_or_exit(in, O_RDONLY), open_or_exit(out, kNew),
                   open_or_exit(err, kNew), program);
  }
  Outcome outcome;
  outcome.status = exit_status_of(child);
  if (output_file.empty()) outcome.output = read_file(out);
  outcome.errors = read_file(err);
  return outcome;
}

std::vector<std::string> lines_on_terminal(unsigned short columns,
                                           const std::vector<std::string>& arguments) {
  const winsize size = {24, columns, 0, 0};
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) become_penalmt(arguments, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
  std::vector<std::string> lines(1);
  for (char byte = 0; read(terminal, &byte, 1) == 1;) {
    if (byte == '\n')
      lines.emplace_back();
    else if (byte != '\r')
      lines.back() += byte;
  }
  close(terminal);
  EXPECT_EQ(exit_status_of(child), 0);
  return lines;
}

Outcome interrupt_penalmt(const std::vector<std::string>& arguments, const std::string& line) {
  const TemporaryFolder folder;
  const std::string err = folder / "err";
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) ADD_FAILURE() << "no pipes";
  const pid_t child = fork();
  if (child == 0) become_penalmt(arguments, in[0], out[1], open_or_exit(err, O_WRONLY | O_CREAT));
  close(in[0]);
  close(out[1]);
  EXPECT_EQ(write(in[1], line.data(), line.size()), static_cast<ssize_t>(line.size()));
  Outcome outcome;
  char byte = 0;
  while (byte != '\n' && read(out[0], &byte, 1) == 1) outcome.output += byte;
  kill(child, SIGINT);
  outcome.status = exit_status_of(child);
  close(in[1]);
  close(out[0]);
  outcome.errors = read_file(err);
  return outcome;
}

Conversation::Conversation(const std::vector<std::string>& arguments) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) ADD_FAILURE() << "no pipes";
  const std::string err = folder_ / "err";
  child_ = fork();
  if (child_ == 0) become_penalmt(arguments, in[0], out[1], open_or_exit(err, O_WRONLY | O_CREAT));
  close(in[0]);
  close(out[1]);
  in_ = in[1];
  out_ = out[0];
}

Conversation::~Conversation() {
  if (child_ >= 0) finish();
}

void Conversation::say(const std::string& bytes) {
  EXPECT_EQ(write(in_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

std::string Conversation::answer() {
  constexpr int kMinute = 60000;
  std::string line;
  for (char byte = 0; byte != '\n'; line += byte) {
    pollfd watched = {out_, POLLIN, 0};
    if (poll(&watched, 1, kMinute) <= 0 || read(out_, &byte, 1) != 1) return "nothing";
  }
  line.pop_back();
  return line;
}

void Conversation::signal(int number) const { kill(child_, number); }

std::string Conversation::maps() const {
  std::ifstream file("/proc/" + std::to_string(child_) + "/maps");
  return {std::istreambuf_iterator<char>(file), {}};
}

Outcome Conversation::finish() {
  close(in_);
  Outcome outcome;
  for (char byte = 0; read(out_, &byte, 1) == 1;) outcome.output += byte;
  close(out_);
  outcome.status = exit_status_of(std::exchange(child_, -1));
  outcome.errors = read_file(folder_ / "err");
  return outcome;
}

Outcome signal_penalmt(const std::vector<std::string>& arguments, const std::string& file,
                       const std::vector<int>& signals, const std::function<void()>& meanwhile) {
  const TemporaryFolder folder;
  const std::string err = folder / "err";
  const pid_t child = fork();
  if (child == 0) {
    const int streams = open_or_exit("/dev/null", O_RDWR);
    become_penalmt(arguments, streams, streams, open_or_exit(err, O_WRONLY | O_CREAT));
  }
  std::error_code none;
  const auto is_there = [&] {
    const auto size = std::filesystem::file_size(file, none);
    return !none && size > 0;
  };
  for (int wait = 0; wait < 6000 && !is_there(); ++wait) usleep(10'000);
  meanwhile();
  for (const int signal : signals) kill(child, signal);
  Outcome outcome;
  outcome.status = exit_status_of(child);
  outcome.errors = read_file(err);
  return outcome;
}

Parts run_in_parts(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const std::string err = folder / "err";
  std::string line = PENALMT_PROGRAM;
  for (const std::string& argument : arguments) line += " '" + argument + "'";
  Parts parts;
  for (int part = 0; part < 100 && (parts.status == -1 || parts.status == 130); ++part) {
    const std::string limit =
        "timeout --preserve-status -s INT " + std::to_string(0.6 + 0.3 * part) + " ";
    parts.status = WEXITSTATUS(std::system((limit + line + " >'" + err + "' 2>&1").c_str()));
    parts.errors = read_file(err);
    parts.interruptions += parts.status == 130;
    parts.saved += parts.errors.find("; continue with --resume\n") != std::string::npos;
  }
  return parts;
}

}  // namespace penalmt
