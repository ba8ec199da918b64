#include "base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/error.h"
#include "base/files_read.h"

namespace penalmt {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 16;
constexpr std::string_view kTemporary = ".penalmt-", kRandom = "XXXXXX";

// Closes a descriptor when the scope ends.
struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

// What mkstemp and mkdtemp make is private; what they replace should be as open as any new file.
mode_t default_mode(mode_t wanted) {
  const mode_t mask = umask(0);
  umask(mask);
  return wanted & ~mask;
}

// ".name.penalmt-XXXXXX" beside `target`, as a modifiable C string.
std::vector<char> temporary_pattern(const fs::path& target) {
  std::string pattern = (target.parent_path() / ("." + target.filename().string())).string();
  pattern.append(kTemporary).append(kRandom);
  return {pattern.c_str(), pattern.c_str() + pattern.size() + 1};
}

// The target of a temporary file or folder by its name; "" for the name of anything else.
std::string_view target_of(std::string_view name) {
  const std::size_t ending = kTemporary.size() + kRandom.size();
  if (name.size() <= ending + 1 || name[0] != '.') return "";
  const std::string_view tail = name.substr(name.size() - ending);
  return tail.starts_with(kTemporary) ? name.substr(1, name.size() - ending - 1) : "";
}

// Locks what was just made; false where remove_abandoned() took it for abandoned in the moment
// before. A file system without locks never gives one to remove_abandoned() either.
bool hold(int descriptor) {
  while (::flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
  }
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

// Whether a process that lives holds the file.
bool is_held(const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return file.value >= 0 && ::flock(file.value, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

// Where the links from `path` lead, also where nothing is there yet.
fs::path end_of_links(const fs::path& path) {
  constexpr int kMostLinks = 40;  // as the kernel's
  fs::path target = path;
  std::error_code ignored;
  for (int links = 0; fs::is_symlink(target, ignored); ++links) {
    if (links == kMostLinks) throw_file_error(path, "write", ELOOP);
    target = target.parent_path() / fs::read_symlink(target, ignored);
  }
  return target;
}

// Nobody may write it, or this user may not. (The superuser may write what nobody else may, but a
// file that was made read-only is meant to stay.)
bool is_read_only(const fs::path& file, const fs::file_status& status) {
  constexpr fs::perms kAnyWrite =
      fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
  return (status.permissions() & kAnyWrite) == fs::perms::none ||
         ::faccessat(AT_FDCWD, file.c_str(), W_OK, AT_EACCESS) != 0;
}

// A rename is on the disk once its folder is. Some file systems cannot flush a folder: then there
// is nothing more to do.
void flush_folder(const fs::path& folder) {
  const Descriptor descriptor{
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (descriptor.value >= 0) disk::flush(descriptor.value);
}

void flush_tree(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const Descriptor descriptor{::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC)};
    if (descriptor.value < 0) throw_file_error(entry.path(), "flush", errno);
    if (disk::flush(descriptor.value) != 0 && is_machine_fault(errno))
      throw_file_error(entry.path(), "write", errno);
  }
  flush_folder(folder);
}

}  // namespace

bool is_machine_fault(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EBADF:
      return true;
    default:
      return false;
  }
}

void throw_file_error(const fs::path& path, std::string_view verb, int error_number) {
  const std::string line = path.string() + ": cannot " + std::string(verb) + ": " +
                           (error_number == EBADF ? "it is closed" : std::strerror(error_number));
  if (is_machine_fault(error_number)) throw MachineError(line);
  throw Error(line);
}

AtomicFile::AtomicFile(const fs::path& path) : path_(path) {
  if (path == "-") {
    path_ = "standard output";
    descriptor_ = STDOUT_FILENO;
    return;
  }
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) throw_file_error(path_, "write", EISDIR);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw_file_error(path_, "write", errno);
    return;
  }
  if (fs::exists(status) && is_read_only(path, status)) throw_file_error(path_, "write", EACCES);
  target_ = end_of_links(path);
  make_temporary();
  const mode_t mode =
      fs::exists(status) ? static_cast<mode_t>(status.permissions()) : default_mode(0666);
  (void)!::fchmod(descriptor_, mode);
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) disk::remove(temporary_);
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) ::close(descriptor_);
}

void AtomicFile::make_temporary() {
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    std::vector<char> name = temporary_pattern(target_);
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ < 0) throw_file_error(path_, "write", errno);
    temporary_ = name.data();
  } while (!hold(descriptor_));
}

void AtomicFile::write(std::string_view bytes) {
  buffer_ += bytes;
  if (temporary_.empty() || buffer_.size() >= kBuffer) flush();
}

void AtomicFile::flush() {
  if (disk::write(descriptor_, buffer_) != 0) throw_file_error(path_, "write", errno);
  buffer_.clear();
}

void AtomicFile::grow_in_view() {
  if (temporary_.empty() || temporary_ == partial() || is_held(partial())) return;
  if (disk::rename(temporary_, partial()) == 0) temporary_ = partial();
}

void AtomicFile::commit() {
  flush();
  if (temporary_.empty()) return;
  if (disk::flush(descriptor_) != 0) throw_file_error(path_, "write", errno);
  if (disk::rename(temporary_, target_) != 0) throw_file_error(path_, "write", errno);
  temporary_.clear();
  if (::close(std::exchange(descriptor_, -1)) != 0) throw_file_error(path_, "write", errno);
  flush_folder(target_.parent_path());
}

std::optional<fs::path> AtomicFile::keep_partial() {
  if (temporary_.empty()) return std::nullopt;
  try {
    flush();
  } catch (const std::runtime_error&) {  // a full disk: what is there already is kept
  }
  if (temporary_ != partial() && disk::rename(temporary_, partial()) != 0) return std::nullopt;
  temporary_.clear();
  return partial();
}

void expect_writable(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (path == "-" || !fs::is_other(status)) {
    const AtomicFile tried(path);
  } else if (::access(path.c_str(), W_OK) != 0) {  // opening a pipe would already end it
    throw_file_error(path, "write", errno);
  }
}

bool is_same_file(const fs::path& read, const fs::path& written) {
  struct stat a = {}, b = {};
  const auto status = [](const fs::path& path, int stream, struct stat& of) {
    return path == "-" ? ::fstat(stream, &of) == 0 : ::stat(path.c_str(), &of) == 0;
  };
  return status(read, STDIN_FILENO, a) && status(written, STDOUT_FILENO, b) && S_ISREG(a.st_mode) &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void write_file(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

std::string read_file(const fs::path& path) {
  const Descriptor descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (descriptor.value < 0) throw_file_error(path, "read", errno);
  remember_read(descriptor.value);
  std::string bytes;
  std::vector<char> buffer(kBuffer);
  while (true) {
    const ssize_t got = ::read(descriptor.value, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_file_error(path, "read", errno);
    if (got == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

AtomicFolder::AtomicFolder(fs::path target) : target_(std::move(target)) {
  if (!target_.has_filename()) target_ = target_.parent_path();  // "runs/first/" is "runs/first"
  if (!target_.parent_path().empty()) {
    std::error_code code;
    fs::create_directories(target_.parent_path(), code);
    if (code) throw_file_error(target_, "write", code.value());
  }
  remove_abandoned(target_.parent_path(), target_.filename().string());
  make_temporary();
  ::chmod(temporary_.c_str(), default_mode(0777));
}

AtomicFolder::~AtomicFolder() {
  if (!temporary_.empty()) remove_tree(temporary_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AtomicFolder::make_temporary() {
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    std::vector<char> name = temporary_pattern(target_);
    if (::mkdtemp(name.data()) == nullptr) throw_file_error(target_, "write", errno);
    temporary_ = name.data();
    descriptor_ = ::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0) throw_file_error(target_, "write", errno);
  } while (!hold(descriptor_));
}

void AtomicFolder::commit() {
  flush_tree(temporary_);
  if (disk::rename(temporary_, target_) == 0) {
    temporary_.clear();
  } else {
    replace_older();
  }
  flush_folder(target_.parent_path());
  if (!temporary_.empty()) remove_tree(std::exchange(temporary_, {}));
}

// A folder with files stands at the target: the two are swapped in one step, and the older one is
// left to be removed under the temporary name.
void AtomicFolder::replace_older() {
  if (errno != ENOTEMPTY && errno != EEXIST) throw_file_error(target_, "write", errno);
  if (disk::exchange(temporary_, target_) == 0) return;
  // A file system without the swap: the older one steps aside, and back where that fails.
  std::vector<char> aside = temporary_pattern(target_);
  if (::mkdtemp(aside.data()) == nullptr) throw_file_error(target_, "write", errno);
  if (disk::rename(target_, aside.data()) == 0) {
    if (disk::rename(temporary_, target_) == 0) {
      temporary_ = aside.data();
      return;
    }
    const int error_number = errno;
    if (disk::rename(aside.data(), target_) == 0) throw_file_error(target_, "write", error_number);
  }
  const int error_number = errno;
  disk::remove(aside.data());
  throw_file_error(target_, "write", error_number);
}

void remove_abandoned(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored)) {
    const std::string file = entry.path().filename().string();
    const std::string_view target = target_of(file);
    if (!target.empty() && (name.empty() || target == name)) found.push_back(entry.path());
  }
  for (const fs::path& path : found) {
    const Descriptor descriptor{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (descriptor.value >= 0 && ::flock(descriptor.value, LOCK_EX | LOCK_NB) == 0)
      remove_tree(path);
  }
}

std::error_code remove_tree(const fs::path& path) {
  std::error_code code;
  if (fs::is_directory(fs::symlink_status(path, code))) {
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(path, code)) inside.push_back(entry.path());
    for (const fs::path& each : inside)
      if (const std::error_code failure = remove_tree(each)) return failure;
  }
  if (disk::remove(path) != 0 && errno != ENOENT) return {errno, std::generic_category()};
  return {};
}

}  // namespace penalmt
