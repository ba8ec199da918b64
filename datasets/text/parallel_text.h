// Sentences, their translations and the names of their images, line by line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/table.h"

namespace penalmt {

struct ParallelText {
  std::vector<std::string> source, target;  // equally many lines
  std::vector<std::string>
      images;  // one name a line, "" where there is no image; empty when there is no list
  std::filesystem::path image_list;  // the list's place in errors
  std::vector<int64_t> lines;  // of a table: where each row begins; empty: pair i is line i + 1

  int64_t line_of(std::size_t pair) const {
    return lines.empty() ? static_cast<int64_t>(pair) + 1 : lines[pair];
  }
};

// Plain or gzip; where `x` is absent, `x.gz` is read. Throws Error where a file cannot be read or
// the line counts differ: "train.en: 3 lines, but train.de has 2; line i of one must belong to line
// i of the other".
ParallelText read_parallel_text(const std::filesystem::path& source,
                                const std::filesystem::path& target,
                                const std::optional<std::filesystem::path>& image_list);

// The columns of a table that hold the same; image: "" for none.
struct PairColumns {
  std::string source, target, image;
};
// Rows without a translation have an empty one. `x.gz` as above. Throws as TableReader
// (datasets/text/table.h).
ParallelText read_parallel_table(const std::filesystem::path& path, TableFormat format,
                                 const PairColumns& columns);

// One name a line; a trailing "#<caption id>" (digits) and white space are cut off. `x.gz` as
// above. Throws as read_lines (base/text.h).
std::vector<std::string> read_image_list(const std::filesystem::path& path);
// A line of such a list, or a cell of a table: the name alone.
std::string image_name(std::string line);

// `path`, or `path` + ".gz" where only that is on the disk.
std::filesystem::path plain_or_gzip(const std::filesystem::path& path);

}  // namespace penalmt
