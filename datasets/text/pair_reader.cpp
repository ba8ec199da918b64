#include "datasets/text/pair_reader.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/line_reader.h"
#include "base/text.h"
#include "tokenizers/text_limits.h"

namespace penalmt {

PairReader::PairReader(const PairFiles& files) {
  if (files.format) {
    std::vector<TableColumn> wanted = {{files.columns.source}, {files.columns.target}};
    if (!files.columns.image.empty()) wanted.push_back({files.columns.image, /*may_lack=*/true});
    table_.emplace(plain_or_gzip(files.source), *files.format, std::move(wanted));
    return;
  }
  paths_ = {files.source, files.target};
  if (files.images) paths_.push_back(*files.images);
  for (const std::filesystem::path& path : paths_) readers_.emplace_back(plain_or_gzip(path));
}

bool PairReader::next(SentencePair& pair) { return table_ ? next_row(pair) : next_lines(pair); }

bool PairReader::next_lines(SentencePair& pair) {
  std::string* lines[] = {&pair.source, &pair.target, &pair.image};
  std::size_t ended = 0;
  for (std::size_t i = 0; i < readers_.size(); ++i) ended += !readers_[i].next(*lines[i]);
  if (ended > 0 && ended < readers_.size()) throw_unequal();
  if (ended > 0) return false;
  if (readers_.size() > 2) pair.image = image_name(std::move(pair.image));
  pair.line = readers_[0].line_number();
  return true;
}

bool PairReader::next_row(SentencePair& pair) {
  std::optional<TableRow> row = table_->next();
  if (!row) return false;
  for (std::string& cell : row->texts) clean_line(cell);
  pair.source = std::move(row->texts[0]);
  pair.target = std::move(row->texts[1]);
  pair.image = row->texts.size() > 2 ? image_name(std::move(row->texts[2])) : "";
  pair.line = row->line;
  return true;
}

void PairReader::throw_unequal() {
  std::vector<int64_t> counts;
  for (LineReader& reader : readers_) {
    for (std::string line; reader.next(line);) {
    }
    counts.push_back(reader.line_number());
  }
  const std::size_t other = counts[1] != counts[0] ? 1 : 2;
  throw Error(
      fmt::format("{}: {} lines, but {} has {}; line i of one must belong to line i of the other",
                  paths_[0].string(), counts[0], paths_[other].string(), counts[other]));
}

void expect_within_limits(const std::string& source, const std::string& target, int64_t line,
                          const PairFiles& files) {
  const auto expect = [&](const std::string& text, const std::filesystem::path& file) {
    if (too_long(text))
      expect_within_limits(text, fmt::format("{}:{}", plain_or_gzip(file).string(), line));
  };
  expect(source, files.source);
  expect(target, files.target);
}

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

}  // namespace penalmt
