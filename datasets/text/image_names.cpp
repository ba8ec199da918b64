#include "datasets/text/image_names.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "base/error.h"

namespace penalmt {

namespace fs = std::filesystem;

bool leads_out(const fs::path& root, const std::string& name) {
  const fs::path path(name);
  // 1. What can lead out at all.
  bool can = path.is_absolute();
  std::error_code ignored;
  fs::path at = root;
  for (const fs::path& part : path) {
    at /= part;
    can = can || part == ".." || fs::is_symlink(fs::symlink_status(at, ignored));
  }
  if (!can) return false;
  // 2. Where it leads. What is not on the disk is judged by its words.
  std::error_code unknown;
  fs::path folder = fs::weakly_canonical(fs::absolute(root), unknown);
  if (!folder.has_filename()) folder = folder.parent_path();  // "images/"
  const fs::path file = fs::weakly_canonical(fs::absolute(root / path), unknown);
  if (unknown) return true;
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end != folder.end();
}

void expect_inside(const std::vector<std::string>& names, const fs::path& root,
                   const std::string& place, const std::string& way_out, int64_t first_line) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (leads_out(root, names[i]))
      throw Error(fmt::format("{}:{}: the image '{}' is outside of {}{}", place,
                              first_line + static_cast<int64_t>(i), names[i], root.string(),
                              way_out));
}

}  // namespace penalmt
