// Files that are whole or absent: atomic writing, folders that appear complete, and read-only
// memory maps.
//
// What goes wrong with a file reads "path: cannot write: No space left on device". It is a
// MachineError where the machine is at fault (no space, an input/output error, no memory, too many
// open files), else the user's Error (no such folder, no permission).
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace penalmt {

// Writes to a temporary file beside `path`, flushes it to the disk and renames it; on failure the
// temporary file is removed and `path` keeps its old content. What is not a plain file (/dev/null,
// a pipe) is written in place; a link's target is replaced or made, not the link. Throws Error
// "path: cannot write: Permission denied" for a read-only file.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// Throws as write_file would where no file can be written there; leaves all as it is.
void expect_writable(const std::filesystem::path& path);

// True where both are one plain file, through links of any kind; "-" is standard input for `read`
// and standard output for `written`.
bool is_same_file(const std::filesystem::path& read, const std::filesystem::path& written);

// The whole file. Throws Error "path: cannot read: No such file or directory".
std::string read_file(const std::filesystem::path& path);

// A file written piece by piece that appears at `path` only with commit(); without it nothing is
// left. "-" is standard output, which gets every piece at once; what is not a plain file is written
// in place. Fails as write_file does.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(std::string_view bytes);
  // What was written so far is in the file, not in memory.
  void flush();
  // From now on it grows as `path`.partial, in the place of what an earlier one left there; hidden
  // as before where another process is writing that, or where it is written in place.
  void grow_in_view();
  void commit();
  // Instead of commit(), where the work failed: what was written so far stays as `path`.partial,
  // whose name is returned; nullopt where nothing is to be kept (written in place).
  std::optional<std::filesystem::path> keep_partial();

 private:
  void make_temporary();
  std::filesystem::path partial() const { return target_.string() + ".partial"; }
  std::filesystem::path path_, target_,
      temporary_;  // as named by the user; links resolved; empty where written in place
  int descriptor_ = -1;
  std::string buffer_;
};

// A folder that appears at `target` only when complete: fill `path()`, then commit(). An
// uncommitted one is removed, and so is what a process that died left of one. Missing parents of
// `target` are made. The constructor and commit() fail as write_file does.
class AtomicFolder {
 public:
  explicit AtomicFolder(std::filesystem::path target);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;
  const std::filesystem::path& path() const { return temporary_; }
  // Flushes the files and moves the folder to its target, in the place of an older one.
  void commit();

 private:
  void make_temporary();
  void replace_older();
  std::filesystem::path target_, temporary_;
  int descriptor_ = -1;  // of the temporary folder, which it locks
};

// Temporary files and folders are called ".NAME.penalmt-XXXXXX", beside what they become, and
// locked by whoever makes them. This removes those in `folder` that nobody holds: the process died.
// `name`: only those of this target; "": of all.
void remove_abandoned(const std::filesystem::path& folder, const std::string& name = "");

// Removes a file, a link, or a folder with all that is in it; what is not there is no error.
std::error_code remove_tree(const std::filesystem::path& path);

// A file mapped read-only into memory: what is touched is loaded. Throws as read_file.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Throws MachineError or Error "path: cannot <verb>: <what errno says>".
[[noreturn]] void throw_file_error(const std::filesystem::path& path, std::string_view verb,
                                   int error_number);

// True for the errno values that are the machine's fault.
bool is_machine_fault(int error_number);

}  // namespace penalmt
