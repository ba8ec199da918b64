#include "datasets/text/parallel_text.h"

#include <algorithm>
#include <iterator>

#include "base/line_reader.h"

namespace penalmt {

std::vector<std::string> read_image_list(const std::filesystem::path& path) {
  std::vector<std::string> names = read_lines(plain_or_gzip(path));
  for (std::string& name : names) name = image_name(std::move(name));
  return names;
}

ParallelText read_parallel_text(const PairFiles& files) {
  ParallelText text;
  PairReader reader(files);
  for (SentencePair pair; reader.next(pair);) {
    text.source.push_back(std::move(pair.source));
    text.target.push_back(std::move(pair.target));
    if (files.has_images()) text.images.push_back(std::move(pair.image));
    if (files.format) text.lines.push_back(pair.line);
  }
  text.parts = {{.first = 0,
                 .count = text.source.size(),
                 .source = files.source,
                 .image_list = files.image_list()}};
  return text;
}

std::size_t ParallelText::part_number(std::size_t pair) const {
  const auto part = std::find_if(parts.begin(), parts.end() - 1, [&](const TextPart& each) {
    return pair < each.first + each.count;
  });
  return static_cast<std::size_t>(part - parts.begin());
}

void append(ParallelText& text, ParallelText other) {
  const std::size_t first = text.source.size(), count = other.source.size();
  if (!text.images.empty() || !other.images.empty()) {
    text.images.resize(first);
    other.images.resize(count);
  }
  for (ParallelText* each : {&text, &other})
    for (std::size_t pair = each->lines.size(); pair < each->source.size(); ++pair)
      each->lines.push_back(static_cast<int64_t>(pair) + 1);
  for (TextPart& part : other.parts) {
    part.first += first;
    text.parts.push_back(std::move(part));
  }
  for (const auto lines : {&ParallelText::source, &ParallelText::target, &ParallelText::images})
    (text.*lines)
        .insert((text.*lines).end(), std::make_move_iterator((other.*lines).begin()),
                std::make_move_iterator((other.*lines).end()));
  text.lines.insert(text.lines.end(), other.lines.begin(), other.lines.end());
}

ParallelText read_parallel_text(const std::filesystem::path& source,
                                const std::filesystem::path& target,
                                const std::optional<std::filesystem::path>& image_list) {
  return read_parallel_text(
      {.source = source, .target = target, .images = image_list, .format = {}, .columns = {}});
}

ParallelText read_parallel_table(const std::filesystem::path& path, TableFormat format,
                                 const PairColumns& columns) {
  return read_parallel_text(
      {.source = path, .target = path, .images = {}, .format = format, .columns = columns});
}

}  // namespace penalmt
