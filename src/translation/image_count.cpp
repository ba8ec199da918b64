#include "translation/image_count.h"

#include <fmt/format.h>

#include "datasets/text/image_names.h"
#include "translation/image_source.h"

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

}  // namespace penalmt
