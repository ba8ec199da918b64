#include "commands/train/local_processes.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "base/files.h"

namespace penalmt {
namespace {

constexpr std::chrono::seconds kFarewell(5);

// Listens at a port of the system's choice, which nobody can take meanwhile.
int open_listener(uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (listener < 0 || ::bind(listener, any, length) != 0 || ::listen(listener, SOMAXCONN) != 0 ||
      ::getsockname(listener, any, &length) != 0)
    throw_file_error("a port of this machine", "open", errno);
  port = ntohs(address.sin_port);
  return listener;
}

// The words that this process was called with.
std::vector<std::string> own_arguments() {
  std::vector<std::string> words;
  const std::string line = read_file("/proc/self/cmdline");
  for (size_t begin = 0; begin < line.size();) {
    words.emplace_back(line.c_str() + begin);
    begin += words.back().size() + 1;
  }
  return words;
}

[[noreturn]] void become(const ProcessPlace& place, std::vector<std::string>& words, pid_t parent) {
  // Where rank 0 is killed the others are told to end; it may be gone already. The system may say
  // so once for each thread of rank 0, and SIGHUP alone may come often (base/interrupt.h).
  if (::prctl(PR_SET_PDEATHSIG, SIGHUP) != 0 || ::getppid() != parent) ::_exit(1);
  const auto set = [](const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), /*overwrite=*/1);
  };
  set("RANK", std::to_string(place.rank));
  set("LOCAL_RANK", std::to_string(place.rank));
  set("WORLD_SIZE", std::to_string(place.size));
  set("LOCAL_WORLD_SIZE", std::to_string(place.size));
  set("MASTER_ADDR", place.address);
  set("MASTER_PORT", std::to_string(place.port));
  for (const char* launcher : {"TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT"})
    ::unsetenv(launcher);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv("/proc/self/exe", argv.data());
  ::_exit(1);
}

}  // namespace

LocalProcesses::LocalProcesses(int size) {
  place_.size = place_.on_this_machine = size;
  place_.prefix = "penalmt/0/";
  place_.listener = open_listener(place_.port);
  std::vector<std::string> words = own_arguments();
  const pid_t parent = ::getpid();
  for (int rank = 1; rank < size; ++rank) {
    const pid_t child = ::fork();
    if (child == 0) {
      ProcessPlace place = place_;
      place.rank = rank;
      become(place, words, parent);
    }
    if (child < 0) {
      const int error_number = errno;
      for (const pid_t begun : children_) ::kill(begun, SIGKILL);
      throw MachineError(fmt::format("cannot start process {} of {}: {}", rank + 1, size,
                                     std::strerror(error_number)));
    }
    children_.push_back(child);
  }
}

LocalProcesses::~LocalProcesses() {
  const auto until = std::chrono::steady_clock::now() + kFarewell;
  for (const pid_t child : children_) {
    while (::waitpid(child, nullptr, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > until) ::kill(child, SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

}  // namespace penalmt
