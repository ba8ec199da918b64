// Sentences, their translations and the names of their images, line by line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/pair_reader.h"

namespace penalmt {

// What one corpus gave to a text.
struct TextPart {
  std::size_t first = 0, count = 0;  // pairs
  std::filesystem::path source, image_list;
};

struct ParallelText {
  std::vector<std::string> source, target;  // equally many lines
  std::vector<std::string>
      images;  // one name a line, "" where there is no image; empty when there is no list
  std::vector<TextPart> parts;
  // Where in their files the pairs begin; empty: pair i in line i + 1.
  std::vector<int64_t> lines;

  int64_t line_of(std::size_t pair) const {
    return lines.empty() ? static_cast<int64_t>(pair) + 1 : lines[pair];
  }
  // Which of the parts the pair is in.
  std::size_t part_number(std::size_t pair) const;
  const TextPart& part_of(std::size_t pair) const { return parts[part_number(pair)]; }
};

// All pairs, as one part. Throws as PairReader.
ParallelText read_parallel_text(const PairFiles& files);
// The text goes on with another.
void append(ParallelText& text, ParallelText other);
ParallelText read_parallel_text(const std::filesystem::path& source,
                                const std::filesystem::path& target,
                                const std::optional<std::filesystem::path>& image_list);
ParallelText read_parallel_table(const std::filesystem::path& path, TableFormat format,
                                 const PairColumns& columns);

// One name a line, as image_name() leaves it; `x.gz` stands for `x`, too. Throws as read_lines
// (base/text.h).
std::vector<std::string> read_image_list(const std::filesystem::path& path);

}  // namespace penalmt
