// Files that are whole or absent: atomic writing, folders that appear complete, and read-only memory maps.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace penalmt {

// Writes to a temporary file beside `path`, flushes it to the disk and renames it. Throws MachineError
// "path: cannot write: No space left on device" and removes the temporary file; `path` keeps its old content then.
void write_file(const std::filesystem::path& path, std::string_view bytes);

// The whole file. Throws Error "path: cannot read: No such file or directory".
std::string read_file(const std::filesystem::path& path);

// A folder that appears at `target` only when complete: fill `path()`, then commit(). An uncommitted one is removed.
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
  std::filesystem::path target_, temporary_;
  bool committed_ = false;
};

// A file mapped read-only into memory: what is touched is loaded. Throws Error where it cannot be opened.
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

}  // namespace penalmt
