#include "translation/image_source.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace penalmt {

std::unique_ptr<ImageSet> ImageSource::load(const std::vector<std::string>& names,
                                            ImageCount& count) const {
  const auto before = static_cast<std::size_t>(count.lines);
  bool any = false;
  for (const std::string& name : names) any |= count.add(name, *this);
  if (!any) return nullptr;
  std::unique_ptr<ImageSet> images = load(names);
  for (const BrokenImage& broken : images->broken()) {
    ++count.missing;
    count.broken.push_back({before + broken.line, broken.problem});
  }
  if (images->found() == 0) return nullptr;
  return images;
}

void ImageSource::expect_some() const {
  const std::vector<std::string>& names = list_->names;
  if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return has(name); }))
    return;
  const auto named = std::find_if(names.begin(), names.end(),
                                  [](const std::string& name) { return !name.empty(); });
  throw Error(none_of(list_->place, named == names.end() ? "" : *named));
}

void ImageSource::expect_lines(int64_t lines, const std::string& place) const {
  const auto expected = static_cast<int64_t>(list_->names.size());
  if (lines == expected) return;
  throw Error(fmt::format("{}: {} lines; expected {}, one for each image of {}", place, lines,
                          expected, list_->place));
}

std::unique_ptr<ImageSet> ImageSource::load(ImageCount& count) const {
  std::unique_ptr<ImageSet> images;
  try {
    images = load(list_->names, count);
  } catch (const BrokenImageError& error) {
    const std::size_t line = error.image().line;
    throw error.in_list(list_->place, list_->line_of(line) - static_cast<int64_t>(line));
  }
  for (BrokenImage& broken : count.broken)
    broken.line = static_cast<std::size_t>(list_->line_of(broken.line)) - 1;
  if (count.not_found > 0)
    count.first_line = list_->line_of(static_cast<std::size_t>(count.first_line) - 1);
  if (images == nullptr && !count.broken.empty())
    throw Error(fmt::format("{}: not one of the images can be decoded; the first: {}", list_->place,
                            count.broken.front().problem));
  return images;
}

}  // namespace penalmt
