#include "datasets/text/parallel_text.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace penalmt {
namespace {

void check_equal_lines(const std::filesystem::path& first, std::size_t first_lines,
                       const std::filesystem::path& second, std::size_t second_lines) {
  if (first_lines == second_lines) return;
  throw Error(
      fmt::format("{}: {} lines, but {} has {}; line i of one must belong to line i of the other",
                  first.string(), first_lines, second.string(), second_lines));
}

// "1007129816.jpg#3" → "1007129816.jpg"; a "#" before anything but digits belongs to the name.
std::string without_caption_id(std::string line) {
  const std::size_t end = line.find_last_not_of(" \t\r");
  line.resize(end == std::string::npos ? 0 : end + 1);
  const std::size_t hash = line.rfind('#');
  if (hash == std::string::npos || hash + 1 == line.size()) return line;
  if (line.find_first_not_of("0123456789", hash + 1) == std::string::npos) line.resize(hash);
  return line;
}

}  // namespace

std::filesystem::path plain_or_gzip(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path packed = path;
  packed += ".gz";
  const bool only_packed =
      !std::filesystem::exists(path, ignored) && std::filesystem::exists(packed, ignored);
  return only_packed ? packed : path;
}

std::vector<std::string> read_image_list(const std::filesystem::path& path) {
  std::vector<std::string> names = read_lines(plain_or_gzip(path));
  for (std::string& name : names) name = without_caption_id(std::move(name));
  return names;
}

ParallelText read_parallel_text(const std::filesystem::path& source,
                                const std::filesystem::path& target,
                                const std::optional<std::filesystem::path>& image_list) {
  ParallelText text;
  text.source = read_lines(plain_or_gzip(source));
  text.target = read_lines(plain_or_gzip(target));
  check_equal_lines(source, text.source.size(), target, text.target.size());
  if (image_list) {
    text.images = read_image_list(*image_list);
    text.image_list = *image_list;
    check_equal_lines(source, text.source.size(), *image_list, text.images.size());
  }
  return text;
}

}  // namespace penalmt
