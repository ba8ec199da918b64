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

}  // namespace

std::filesystem::path plain_or_gzip(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path packed = path;
  packed += ".gz";
  const bool only_packed =
      !std::filesystem::exists(path, ignored) && std::filesystem::exists(packed, ignored);
  return only_packed ? packed : path;
}

// "1007129816.jpg#3" → "1007129816.jpg"; a "#" before anything but digits belongs to the name.
std::string image_name(std::string line) {
  const std::size_t end = line.find_last_not_of(" \t\r");
  line.resize(end == std::string::npos ? 0 : end + 1);
  const std::size_t hash = line.rfind('#');
  if (hash == std::string::npos || hash + 1 == line.size()) return line;
  if (line.find_first_not_of("0123456789", hash + 1) == std::string::npos) line.resize(hash);
  return line;
}

std::vector<std::string> read_image_list(const std::filesystem::path& path) {
  std::vector<std::string> names = read_lines(plain_or_gzip(path));
  for (std::string& name : names) name = image_name(std::move(name));
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

ParallelText read_parallel_table(const std::filesystem::path& path, TableFormat format,
                                 const PairColumns& columns) {
  std::vector<TableColumn> wanted = {{columns.source}, {columns.target}};
  if (!columns.image.empty()) wanted.push_back({columns.image, /*may_lack=*/true});
  TableReader table(plain_or_gzip(path), format, std::move(wanted));
  ParallelText text;
  text.image_list = path;
  while (std::optional<TableRow> row = table.next()) {
    for (std::string& cell : row->texts) clean_line(cell);
    text.lines.push_back(row->line);
    text.source.push_back(std::move(row->texts[0]));
    text.target.push_back(std::move(row->texts[1]));
    if (!columns.image.empty()) text.images.push_back(image_name(std::move(row->texts[2])));
  }
  return text;
}

}  // namespace penalmt
