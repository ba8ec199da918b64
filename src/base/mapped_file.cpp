#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "base/files.h"
#include "base/files_read.h"

namespace penalmt {
namespace fs = std::filesystem;
namespace {

// One mapped file, as a signal handler can read it: no lock, no allocation. `begin` is 0 in a free
// entry and set last.
struct Entry {
  std::atomic<bool> taken = false;
  std::atomic<uintptr_t> begin = 0;
  std::size_t size = 0;
  char name[512] = {};
};

// Files beyond these stay unnamed in the message.
std::array<Entry, 64> entries;

void enter(const void* data, std::size_t size, const fs::path& path) {
  for (Entry& entry : entries) {
    if (entry.taken.exchange(true)) continue;
    entry.size = size;
    std::strncpy(entry.name, path.c_str(), sizeof entry.name - 1);
    entry.begin = reinterpret_cast<uintptr_t>(data);
    return;
  }
}

void leave(const void* data) {
  for (Entry& entry : entries) {
    if (entry.begin != reinterpret_cast<uintptr_t>(data)) continue;
    entry.begin = 0;
    entry.taken = false;
    return;
  }
}

void say(const char* text) { (void)!::write(STDERR_FILENO, text, std::strlen(text)); }

// Finds the file by the address and says what happened.
void on_bus_error(int, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  const char* name = "a file";
  for (const Entry& entry : entries) {
    const uintptr_t begin = entry.begin;
    if (begin != 0 && address >= begin && address - begin < entry.size) name = entry.name;
  }
  say("penalmt: ");
  say(name);
  say(": cannot read: another program cut it short while it was read, or its disk failed\n");
  _exit(1);
}

}  // namespace

void watch_mapped_files() {
  struct sigaction action = {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
}

MappedFile::MappedFile(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_file_error(path, "read", errno);
  remember_read(descriptor);
  struct stat status = {};
  void* data = nullptr;
  int problem = ::fstat(descriptor, &status) != 0 ? errno : 0;
  if (problem == 0 && S_ISDIR(status.st_mode)) problem = EISDIR;
  if (problem == 0 && status.st_size > 0) {
    size_ = static_cast<std::size_t>(status.st_size);
    data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) problem = errno;
  }
  ::close(descriptor);
  if (problem != 0) throw_file_error(path, "read", problem);
  data_ = static_cast<const std::byte*>(data);
  if (data_ != nullptr) enter(data_, size_, path);
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  leave(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace penalmt
