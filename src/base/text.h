// Lines of UTF-8 text, plain or gzip, from a file or standard input; spelling help.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penalmt {

// Reads lines one by one, without their "\n" (a "\r" stays: only "\n" ends a line). "-" is standard
// input; gzip is known by its first bytes. A line is returned as soon as it has arrived, so a pipe
// can be talked with. Throws Error "path: cannot read: ..." and "path:12: invalid UTF-8 at byte 7"
// (both counted from 1); a truncated or damaged gzip file is an Error too. Throws Interrupted where
// a signal comes while it waits (base/interrupt.h).
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  // False at the end. A last line without "\n" counts.
  bool next(std::string& line);
  // The number of the line last read, from 1.
  int64_t line_number() const;
  // "path", or "standard input": what to put before a message about a line.
  const std::string& name() const;

 private:
  struct Source;
  std::unique_ptr<Source> source_;
};

std::vector<std::string> read_lines(const std::filesystem::path& path);

// The offset of the first byte that is not UTF-8 (surrogates and overlong forms are not); nullopt
// where all is well.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// Splits at spaces, tabs and other ASCII whitespace; no empty parts.
std::vector<std::string_view> split_whitespace(std::string_view text);

// Splits at every `separator`: one more part than there are separators, empty ones kept.
std::vector<std::string_view> split(std::string_view text, char separator);

// The candidate nearest to `word` by edit distance (swapped neighbours count once), where it is
// near enough to be a slip of the fingers. The first of equals.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// "; did you mean 'updates'?" or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace penalmt
