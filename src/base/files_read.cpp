#include "base/files_read.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>

namespace penalmt {
namespace {

// Device, inode and time of birth: a number of an inode is given again.
using Identity = std::array<int64_t, 5>;

std::optional<Identity> identity_of(int folder, const char* path, int flags) {
  struct statx status = {};
  if (::statx(folder, path, flags, STATX_TYPE | STATX_INO | STATX_BTIME, &status) != 0 ||
      !S_ISREG(status.stx_mode))
    return std::nullopt;
  return Identity{status.stx_dev_major, status.stx_dev_minor, static_cast<int64_t>(status.stx_ino),
                  status.stx_btime.tv_sec, status.stx_btime.tv_nsec};
}

struct FilesRead {
  std::mutex changing;
  std::set<Identity> files;
};

FilesRead& files_read() {
  static FilesRead files;
  return files;
}

}  // namespace

void remember_read(int descriptor) {
  const auto identity = identity_of(descriptor, "", AT_EMPTY_PATH);
  if (!identity) return;
  const std::lock_guard lock(files_read().changing);
  files_read().files.insert(*identity);
}

bool was_read(const std::filesystem::path& path) {
  const auto identity = identity_of(AT_FDCWD, path.c_str(), 0);
  const std::lock_guard lock(files_read().changing);
  return identity && files_read().files.contains(*identity);
}

}  // namespace penalmt
