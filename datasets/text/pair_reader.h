// A corpus read pair by pair, however large it is: two files of lines and a list of images, or a
// table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/line_reader.h"
#include "datasets/text/table.h"

namespace penalmt {

// The columns of a table that hold pairs; image: "" for none.
struct PairColumns {
  std::string source, target, image;
};

struct PairFiles {
  std::filesystem::path source, target;         // plain or gzip; `x` stands for `x.gz`, too
  std::optional<std::filesystem::path> images;  // a list, one name a line
  std::optional<TableFormat> format;            // `source` is a table with these columns
  PairColumns columns;

  // Where a pair's image is named.
  const std::filesystem::path& image_list() const { return images ? *images : source; }
  bool has_images() const { return format ? !columns.image.empty() : images.has_value(); }
};

struct SentencePair {
  std::string source, target;
  std::string image;  // its name, "" for none
  int64_t line = 0;   // where the pair begins in its file, from 1
};

class PairReader {
 public:
  // Throws Error where a file cannot be read; as TableReader (datasets/text/table.h).
  explicit PairReader(const PairFiles& files);
  // False at the end. Throws Error where the files have not as many lines: "train.en: 3 lines, but
  // train.de has 2; line i of one must belong to line i of the other"; as LineReader (base/text.h)
  // and TableReader. A table's row without a translation has an empty one.
  bool next(SentencePair& pair);

 private:
  bool next_lines(SentencePair& pair);
  bool next_row(SentencePair& pair);
  [[noreturn]] void throw_unequal();

  std::vector<std::filesystem::path> paths_;  // as they were given
  std::vector<LineReader> readers_;           // of each
  std::optional<TableReader> table_;          // in their place
};

// Of the pair in that line. Throws as expect_within_limits (tokenizers/text_limits.h), with its
// file and line.
void expect_within_limits(const std::string& source, const std::string& target, int64_t line,
                          const PairFiles& files);

// A line of a list of images, or a cell of a table: the name alone. A trailing "#<caption id>"
// (digits) and white space are cut off.
std::string image_name(std::string line);

// `path`, or `path` + ".gz" where only that is on the disk.
std::filesystem::path plain_or_gzip(const std::filesystem::path& path);

}  // namespace penalmt
