#include "datasets/features/images_to_encode.h"

#include <fmt/format.h>

#include <set>

#include "base/error.h"
#include "base/text.h"
#include "datasets/images/image_folder.h"
#include "datasets/text/image_names.h"
#include "datasets/text/parallel_text.h"

namespace penalmt {

namespace fs = std::filesystem;

std::string ImagesToEncode::place(std::size_t number) const {
  return lines.empty() ? "" : fmt::format("{}:{}: ", list, lines[number]);
}

std::vector<std::string> ImagesToEncode::missing() const {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (fs::is_regular_file(root / names[i])) continue;
    found.push_back(place(i) + (root / names[i]).string() + ": no such file" +
                    (found.empty() ? did_you_mean_image(names_like(root, names[i])) : ""));
  }
  return found;
}

ImagesToEncode images_of_folder(const fs::path& folder) {
  ImageFolder found = images_in(folder);
  for (const std::string& name : found.names)
    if (first_invalid_utf8(name) || name.find('\n') != std::string::npos)
      throw Error((folder / name).string() + ": the file's name is no line of UTF-8; rename it");
  if (found.names.empty())
    throw Error(folder.string() +
                ": no images there; expected .jpg, .jpeg, .png, .webp, .bmp, .ppm or .pgm files");
  return {folder, std::move(found.names), "", {}, std::move(found.others)};
}

ImagesToEncode images_of_list(const fs::path& list, const fs::path& root,
                              const OutsideNames& outside) {
  ImagesToEncode images{root, {}, list.string(), {}, {}};
  std::set<std::string> seen = {""};  // an empty line: a sentence without an image
  std::vector<std::string> names = read_image_list(list);
  if (!outside.allowed) expect_inside(names, root, list.string(), outside.way_out);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second) continue;
    images.names.push_back(std::move(names[i]));
    images.lines.push_back(static_cast<int64_t>(i) + 1);
  }
  if (images.names.empty()) throw Error(list.string() + ": no line names an image");
  return images;
}

}  // namespace penalmt
