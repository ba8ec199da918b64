// Sentences, their translations and the names of their images, line by line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penalmt {

struct ParallelText {
  std::vector<std::string> source, target;  // equally many lines
  std::vector<std::string>
      images;  // one name a line, "" where there is no image; empty when there is no list
  std::filesystem::path image_list;  // the list's place in errors
};

// Plain or gzip; where `x` is absent, `x.gz` is read. Throws Error where a file cannot be read or
// the line counts differ: "train.en: 3 lines, but train.de has 2; line i of one must belong to line
// i of the other".
ParallelText read_parallel_text(const std::filesystem::path& source,
                                const std::filesystem::path& target,
                                const std::optional<std::filesystem::path>& image_list);

// One name a line; a trailing "#<caption id>" (digits) and white space are cut off. `x.gz` as
// above. Throws as read_lines (base/text.h).
std::vector<std::string> read_image_list(const std::filesystem::path& path);

// `path`, or `path` + ".gz" where only that is on the disk.
std::filesystem::path plain_or_gzip(const std::filesystem::path& path);

}  // namespace penalmt
