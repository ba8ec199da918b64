#include "datasets/images/image_folder.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/expect_folder.h"
#include "base/files.h"
#include "base/image_signatures.h"
#include "base/progress.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;

bool is_image(const fs::path& file) {
  static const std::set<std::string> known = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp",
                                              ".bmp", ".dib",  ".ppm", ".pgm",  ".pbm", ".pnm"};
  if (known.contains(lowercase_ascii(file.extension().string()))) return true;
  std::string first(12, '\0');
  std::ifstream(file, std::ios::binary).read(first.data(), 12);
  return is_jpeg(first) || is_png(first) || is_webp(first);
}

void collect(const fs::path& folder, const std::string& before, ImageFolder& found) {
  std::error_code problem;
  fs::directory_iterator entries(folder, problem);
  if (problem) throw_file_error(folder, "read", problem.value());
  for (const auto& entry : entries) {
    if (is_left_behind(entry.path())) continue;
    const std::string name = before + entry.path().filename().string();
    std::error_code ignored;
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored))
      collect(entry.path(), name + "/", found);
    else if (entry.is_regular_file(ignored) && is_image(entry.path()))
      found.names.push_back(name);
    else
      found.others.push_back(name);
  }
}

}  // namespace

bool is_left_behind(const fs::path& path) {
  const std::string name = lowercase_ascii(path.filename().string());
  return name.starts_with('.') || name == "thumbs.db" || name == "desktop.ini" ||
         name == "__macosx";
}

ImageFolder images_in(const fs::path& folder) {
  expect_folder(folder, "a folder of images");
  ImageFolder found;
  collect(folder, "", found);
  std::sort(found.names.begin(), found.names.end());
  std::sort(found.others.begin(), found.others.end());
  return found;
}

std::string about_others(const fs::path& folder, const std::vector<std::string>& others) {
  if (others.empty()) return "";
  const bool is_one = others.size() == 1;
  return fmt::format(
      "{}: {} {} and {} passed over{} {}", folder.string(),
      is_one ? "one entry" : with_commas(static_cast<int64_t>(others.size())) + " entries",
      is_one ? "is no image" : "are no images", is_one ? "is" : "are", is_one ? ":" : ", such as",
      others.front());
}

}  // namespace penalmt
