#include "translation/line_images.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace penalmt {

void ImageCount::add(const std::string& name, bool found) {
  ++lines;
  if (found) return;
  ++missing;
  if (!name.empty() && ++not_found == 1) first_line = lines, first_name = name;
}

std::string ImageCount::text() const {
  std::string text = fmt::format("{} of {} lines had no image", missing, lines);
  if (not_found > 0)
    text += fmt::format("; {} of them name{} one that is not there, first '{}' in line {}",
                        not_found, not_found == 1 ? "s" : "", first_name, first_line);
  return text;
}

std::unique_ptr<ImageSet> load_images(const std::vector<std::string>& names,
                                      const ImageSource& source, ImageCount& count) {
  bool any = false;
  for (const std::string& name : names) {
    const bool found = source.has(name);
    count.add(name, found);
    any |= found;
  }
  return any ? source.load(names) : nullptr;
}

LineImages::LineImages(std::vector<std::string> names, std::shared_ptr<const ImageSource> source,
                       std::string place)
    : names_(std::move(names)), source_(std::move(source)), place_(std::move(place)) {}

void LineImages::expect_some() const {
  if (std::any_of(names_.begin(), names_.end(),
                  [&](const std::string& name) { return source_->has(name); }))
    return;
  const auto named = std::find_if(names_.begin(), names_.end(),
                                  [](const std::string& name) { return !name.empty(); });
  throw Error(source_->none_of(place_, named == names_.end() ? "" : *named));
}

void LineImages::expect_lines(int64_t lines, const std::string& place) const {
  if (lines == this->lines()) return;
  throw Error(place + ": " + std::to_string(lines) + " lines; expected " +
              std::to_string(this->lines()) + ", one for each image of " + place_);
}

}  // namespace penalmt
