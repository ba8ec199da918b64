#include "training/run_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <set>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/error.h"
#include "base/files.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

constexpr const char *kLock = ".lock", *kRecipe = "recipe.json";

// "process 12 on mill since 2026-11-25 21:34:00 UTC"
std::string this_process() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  char since[64] = "";
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  (void)std::strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", ::gmtime_r(&now, &parts));
  return fmt::format("process {} on {} since {}", ::getpid(), host, since);
}

// The file that is open is still the one of that name: its last holder did not remove it.
bool is_at(int descriptor, const fs::path& path) {
  struct stat open = {}, named = {};
  return ::fstat(descriptor, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

bool belongs_to_start(const fs::path& path) {
  static const std::set<std::string> kStart = {kRecipe, "tokenizer.model", "source.model",
                                               "target.model", "image_encoder"};
  const std::string name = path.filename().string();
  if (kStart.contains(name) || name.starts_with("events.out.tfevents.")) return true;
  return (name == "checkpoints" || path.extension() == ".jsonl") && fs::is_empty(path);
}

}  // namespace

RunFolder::RunFolder(fs::path path) : path_(std::move(path)) {
  if (!path_.has_filename()) path_ = path_.parent_path();  // "runs/first/" is "runs/first"
  std::error_code code;
  for (fs::path each = path_; !each.empty() && !fs::exists(each, code); each = each.parent_path())
    made_.insert(made_.begin(), each);
  fs::create_directories(path_, code);
  if (code) throw_file_error(path_, "write", code.value());
  lock();
  remove_abandoned(path_);
  remove_abandoned(path_ / "checkpoints");
}

void RunFolder::lock() {
  const fs::path file = path_ / kLock;
  while (true) {
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw_file_error(path_, "write", errno);
    if (!disk::lock(descriptor_)) {
      ::close(descriptor_);
      const std::string holder = read_file(file);
      throw Error(fmt::format(
          "{}: in use by {}; expected a folder that no other process trains in; wait for it, or "
          "stop it",
          path_.string(), holder.empty() ? "another process" : holder));
    }
    if (is_at(descriptor_, file)) break;
    ::close(descriptor_);
  }
  const std::string words = this_process();
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, words.data(), words.size(), 0) != static_cast<ssize_t>(words.size())) {
    const int error_number = errno;
    disk::remove(file);
    ::close(descriptor_);
    throw_file_error(path_, "write", error_number);
  }
}

RunFolder::~RunFolder() {
  disk::remove(path_ / kLock);
  ::close(descriptor_);
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder)
    if (::rmdir(folder->c_str()) != 0) break;
}

std::vector<fs::path> RunFolder::contents() const {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(path_))
    if (entry.path().filename() != kLock) paths.push_back(entry.path());
  return paths;
}

bool RunFolder::is_empty() const { return contents().empty(); }

bool RunFolder::holds_mere_start() const {
  return fs::exists(path_ / kRecipe) && std::ranges::all_of(contents(), belongs_to_start);
}

void RunFolder::write_recipe(const std::string& text) {
  // recipe.json stays to the end: without it, what is left would be anybody's files.
  if (holds_mere_start())
    for (const fs::path& path : contents())
      if (path.filename() != kRecipe)
        if (const std::error_code code = remove_tree(path))
          throw_file_error(path, "remove", code.value());
  write_file(path_ / kRecipe, text);
}

}  // namespace penalmt
