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

// Throws Error "place: a NUL byte at byte 7; no text has one; ..." where there is one: the text is
// no text, or UTF-16.
void expect_no_nul(std::string_view line, const std::string& place);

// How lines are handed on. Clean: without a byte order mark at the file's start, and each as
// clean_line() leaves it; a NUL byte is refused. As it is: every byte but the "\n" (scores are to
// be sacreBLEU's).
enum class LineForm { kClean, kAsItIs };

// Drops carriage returns at the line's end; a line of white space alone (Unicode's, zero-width
// spaces too) becomes empty.
void clean_line(std::string& line);

// Reads lines one by one, without their "\n", which alone ends a line. "-" is standard input; gzip
// is known by its first bytes. A line is returned as soon as it has arrived, so a pipe can be
// talked with. Throws Error "path: cannot read: ..." and "path:12: invalid UTF-8 at byte 7" (both
// counted from 1), and as expect_no_nul; a truncated or damaged gzip file is an Error too. Throws
// MachineError where the disk fails or there is no memory to inflate with, and Interrupted where a
// signal came (base/interrupt.h).
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path, LineForm form = LineForm::kClean);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  // False at the end. A last line without "\n" counts.
  bool next(std::string& line);
  // True where next() answers without waiting: a line is there, or the end. Throws as next().
  bool has_arrived();
  // True for a pipe or a terminal, whose lines may come later and only once.
  bool may_wait() const;
  // Back to before the first line; only for what is not may_wait(). Throws as next().
  void rewind();
  // The number of the line last read, from 1.
  int64_t line_number() const;
  // "path", or "standard input": what to put before a message about a line.
  const std::string& name() const;

 private:
  struct Source;
  std::unique_ptr<Source> source_;
};

// All lines. Throws as LineReader.
std::vector<std::string> read_lines(const std::filesystem::path& path,
                                    LineForm form = LineForm::kClean);

// The offset of the first byte that is not UTF-8 (surrogates and overlong forms are not); nullopt
// where all is well.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

// Splits at spaces, tabs and other ASCII whitespace; no empty parts.
std::vector<std::string_view> split_whitespace(std::string_view text);

// Every run of white space (Unicode's: no-break spaces and tabs too) becomes one space; none is
// left at the ends.
std::string single_spaced(std::string_view text);

// Splits at every `separator`: one more part than there are separators, empty ones kept.
std::vector<std::string_view> split(std::string_view text, char separator);

// The candidate nearest to `word` by edit distance (swapped neighbours count once), where it is
// near enough to be a slip of the fingers. The first of equals.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// "; did you mean 'updates'?" or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace penalmt
