#include "translation/line_images.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "datasets/text/image_names.h"

namespace penalmt {

bool ImageCount::add(const std::string& name, const ImageSource& source) {
  ++lines;
  if (source.has(name)) return true;
  ++missing;
  if (!name.empty() && ++not_found == 1) {
    first_line = lines;
    first_name = name;
    first_meant = source.names_like(name);
  }
  return false;
}

std::string ImageCount::text() const {
  std::string text = fmt::format("{} of {} lines had no image", missing, lines);
  if (not_found > 0)
    text += fmt::format("; {} of them name{} one that is not there, first '{}' in line {}",
                        not_found, not_found == 1 ? "s" : "", first_name, first_line);
  if (!broken.empty())
    text += fmt::format("; {} of them name{} one that is broken", broken.size(),
                        broken.size() == 1 ? "s" : "");
  return text + did_you_mean_image(first_meant);
}

std::unique_ptr<ImageSet> load_images(const std::vector<std::string>& names,
                                      const ImageSource& source, ImageCount& count) {
  const auto before = static_cast<std::size_t>(count.lines);
  bool any = false;
  for (const std::string& name : names) any |= count.add(name, source);
  if (!any) return nullptr;
  std::unique_ptr<ImageSet> images = source.load(names);
  for (const BrokenImage& broken : images->broken()) {
    ++count.missing;
    count.broken.push_back({before + broken.line, broken.problem});
  }
  if (images->found() == 0) return nullptr;
  return images;
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

std::unique_ptr<ImageSet> LineImages::load(ImageCount& count) const {
  std::unique_ptr<ImageSet> images;
  try {
    images = load_images(names_, *source_, count);
  } catch (const BrokenImageError& error) {
    throw error.in_list(place_);
  }
  if (images == nullptr && !count.broken.empty())
    throw Error(fmt::format("{}: not one of the images can be decoded; the first: {}", place_,
                            count.broken.front().problem));
  return images;
}

}  // namespace penalmt
