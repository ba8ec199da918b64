#include "base/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace penalmt::disk {
namespace {

constexpr int kExitKilled = 137;

Fault fault_of_environment() {
  const char* text = std::getenv("PENALMT_FAULT_AT");
  if (text == nullptr) return {};
  constexpr std::string_view kFull = "full:";
  const bool full = std::string_view(text).starts_with(kFull);
  return {std::atoll(full ? text + kFull.size() : text), full ? ENOSPC : 0};
}

Fault& present_fault() {
  static Fault fault = fault_of_environment();
  return fault;
}

std::atomic<int64_t> calls_made = 0;

// True where this call is to fail; errno is set.
bool fails() {
  const Fault& fault = present_fault();
  if (++calls_made != fault.at) return false;
  if (fault.error_number == 0) _exit(kExitKilled);
  errno = fault.error_number;
  return true;
}

}  // namespace

int rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return fails() ? -1 : ::rename(from.c_str(), to.c_str());
}

int exchange(const std::filesystem::path& one, const std::filesystem::path& other) {
  return fails() ? -1
                 : ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
}

int flush(int descriptor) { return fails() ? -1 : ::fsync(descriptor); }

int remove(const std::filesystem::path& path) { return fails() ? -1 : ::remove(path.c_str()); }

int write(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return -1;
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
  return 0;
}

int write_at(int descriptor, std::string_view bytes, uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno != EINTR) return -1;
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    at += static_cast<uint64_t>(std::max<ssize_t>(written, 0));
  }
  return 0;
}

bool lock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

void set_fault(const Fault& fault) {
  present_fault() = fault;
  calls_made = 0;
}

int64_t calls() { return calls_made; }

}  // namespace penalmt::disk
