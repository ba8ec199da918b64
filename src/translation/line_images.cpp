#include "translation/line_images.h"

#include <algorithm>

#include "base/error.h"
#include "base/progress.h"
#include "datasets/parallel_text.h"

namespace penalmt {
namespace fs = std::filesystem;

LineImages LineImages::from_list(const fs::path& list, const fs::path& root, int64_t size, int threads) {
  if (!fs::is_directory(root))
    throw Error(root.string() + ": no such folder; expected the pictures that " + list.string() + " names");
  LineImages images(read_image_list(list), list, root, size, threads);
  const bool any = std::any_of(images.names_.begin(), images.names_.end(),
                               [&](const std::string& name) { return images.has_picture(name); });
  if (!any) {
    const auto named =
        std::find_if(images.names_.begin(), images.names_.end(), [](const std::string& name) { return !name.empty(); });
    throw Error(root.string() + ": not one of the pictures that " + list.string() + " names is there" +
                (named == images.names_.end() ? std::string("; its lines are empty")
                                              : "; expected files such as '" + *named + "'"));
  }
  return images;
}

LineImages LineImages::of_photo(const fs::path& photo, int64_t size) {
  if (!fs::is_regular_file(photo)) throw Error(photo.string() + ": no such picture");
  return LineImages({photo.filename().string()}, photo, photo.parent_path(), size, 1);
}

void LineImages::expect_lines(int64_t lines, const std::string& place) const {
  if (lines == this->lines()) return;
  throw Error(place + ": " + std::to_string(lines) + " lines; expected " + std::to_string(this->lines()) +
              ", one for each picture of " + list_.string());
}

std::unique_ptr<PictureSet> LineImages::load(int64_t first, int64_t count) {
  const std::vector<std::string> names(names_.begin() + first, names_.begin() + first + count);
  if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return has_picture(name); })) {
    missing_ += count;
    return nullptr;
  }
  auto set = std::make_unique<ImageSet>(names, root_, size_, threads_);
  missing_ += set->missing();
  return set;
}

bool LineImages::has_picture(const std::string& name) const {
  std::error_code ignored;
  return !name.empty() && fs::is_regular_file(root_ / name, ignored);
}

void refuse_pictures(const std::string& model, const std::string& option) {
  throw Error(model + ": a text-only model, which would not look at a picture; got " + option +
              "; expected a model trained with pictures");
}

std::optional<LineImages> open_line_images(const std::string& model, bool uses_images, int64_t size,
                                           const std::string& list, const std::string& root, int threads) {
  if (!list.empty() && !uses_images) refuse_pictures(model, "--images");
  if (!list.empty()) return LineImages::from_list(list, root, size, threads);
  if (uses_images)
    warning(model + ": a multimodal model run without pictures; give --images LIST --image-root DIR, or --image PHOTO");
  return std::nullopt;
}

}  // namespace penalmt
