#include "translation/line_images.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace penalmt {

LineImages::LineImages(std::vector<std::string> names, std::shared_ptr<const PictureSource> source, std::string place)
    : names_(std::move(names)), source_(std::move(source)), place_(std::move(place)) {}

void LineImages::expect_some() const {
  if (std::any_of(names_.begin(), names_.end(), [&](const std::string& name) { return source_->has(name); })) return;
  const auto named = std::find_if(names_.begin(), names_.end(), [](const std::string& name) { return !name.empty(); });
  throw Error(source_->none_of(place_, named == names_.end() ? "" : *named));
}

void LineImages::expect_lines(int64_t lines, const std::string& place) const {
  if (lines == this->lines()) return;
  throw Error(place + ": " + std::to_string(lines) + " lines; expected " + std::to_string(this->lines()) +
              ", one for each picture of " + place_);
}

std::unique_ptr<PictureSet> LineImages::load(int64_t first, int64_t count) {
  const std::vector<std::string> names(names_.begin() + first, names_.begin() + first + count);
  for (int64_t i = 0; i < count; ++i)
    if (!names[i].empty() && !source_->has(names[i])) not_found_.add(first + i + 1, names[i]);
  if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return source_->has(name); })) {
    missing_ += count;
    return nullptr;
  }
  auto set = source_->load(names);
  missing_ += set->missing();
  return set;
}

std::string without_picture(int64_t missing, int64_t lines, const NotFound& not_found) {
  std::string text = fmt::format("{} of {} lines had no picture", missing, lines);
  if (not_found.count > 0)
    text += fmt::format("; {} of them name{} one that is not there, first '{}' in line {}", not_found.count, not_found.count == 1 ? "s" : "",
                        not_found.first_name, not_found.first_line);
  return text;
}

}  // namespace penalmt
