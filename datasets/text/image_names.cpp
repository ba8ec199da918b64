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
                   const std::string& place, const std::string& way_out,
                   const std::vector<int64_t>& lines) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (leads_out(root, names[i]))
      throw Error(fmt::format("{}:{}: the image '{}' is outside of {}{}", place,
                              lines.empty() ? static_cast<int64_t>(i) + 1 : lines[i], names[i],
                              root.string(), way_out));
}

std::vector<std::string> names_like(const fs::path& root, const std::string& name) {
  const fs::path folder = fs::path(name).parent_path();
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root / folder, ignored))
    if (entry.is_regular_file(ignored))
      names.push_back((folder / entry.path().filename()).string());
  return names_like(names, name);
}

std::vector<std::string> names_like(const std::vector<std::string>& names,
                                    const std::string& name) {
  const fs::path wanted(name);
  std::vector<std::string> found;
  if (wanted.stem().empty()) return found;
  for (const std::string& each : names) {
    const fs::path path(each);
    const bool is_like = path.stem() == wanted.filename() || path.stem() == wanted.stem();
    if (is_like && each != name && path.parent_path() == wanted.parent_path())
      found.push_back(each);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string did_you_mean_image(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
    text += fmt::format("{}'{}'", i == 0 ? "; did you mean " : " or ", names[i]);
  return text.empty() ? "" : text + "?";
}

std::string did_you_mean_first(const fs::path& root, const std::vector<std::string>& names) {
  const auto named = std::find_if(names.begin(), names.end(),
                                  [](const std::string& name) { return !name.empty(); });
  return named == names.end() ? "" : did_you_mean_image(names_like(root, *named));
}

}  // namespace penalmt
